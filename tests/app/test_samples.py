"""Principal components: covariance of samples, its eigenvectors, projections, classification."""

import os

import numpy as np

from program_case import Case, RefusalCase, arrays, at_ranks, main, summary

SAMPLES, ROWS, COLS = 30, 4, 5
FEATURES = ROWS * COLS

DECK = """
[data]
path = "samples.npy"
axes = ["rows", "pictures", "cols"]
covariance_over = "pictures"
[method]
name = "svd"
columns = ["rows_2", "cols_2"]
truncation = "rank"
rank = 3
[output]
pictures = false
components = 5
"""

CLASSES = """
[data]
path = "samples.npy"
axes = ["samples", "features"]
covariance_over = "samples"
[method]
name = "svd"
truncation = "rank"
rank = 2
[classify]
labels = "labels.npy"
[output]
pictures = false
components = 2
"""


def table(samples):
    """Samples x features of what is stored as rows x samples x cols."""
    return samples.transpose(1, 0, 2).reshape(SAMPLES, FEATURES)


class Samples(Case):
    def setUp(self):
        super().setUp()
        self.random = np.random.default_rng(8)

    def save(self, name, values):
        np.save(self.folder / name, values)

    def low_rank(self):
        """30 samples that lie in a space of 3 dimensions, away from 0."""
        weights = self.random.normal(size=(SAMPLES, 3)) * [5.0, 2.0, 1.0]
        samples = weights @ self.random.normal(size=(3, FEATURES)) + 7.0
        return samples.reshape(SAMPLES, ROWS, COLS).transpose(1, 0, 2)

    @at_ranks(1, 2, 4)
    def test_covariance_eigenvectors_and_projections_are_numpy_s(self, ranks):
        samples = self.low_rank()
        self.save("samples.npy", samples)
        found = arrays(self.run_deck(ranks, DECK))
        x = table(samples)
        covariance = np.cov(x, rowvar=False)
        for name in ("input", "estimate"):
            self.assert_near(found[name].reshape(FEATURES, FEATURES), covariance, 1e-12)
        values, vectors = np.linalg.eigh(covariance)
        values, vectors = values[::-1][:3], vectors[:, ::-1][:, :3]
        # Five are asked for, but there are three.
        self.assert_near(found["factors/eigenvalues"], values, 1e-10)
        basis = found["factors/components"]
        self.assertEqual(basis.shape, (ROWS, COLS, 3))
        basis = basis.reshape(FEATURES, 3)
        self.assert_near(basis.T @ basis, np.eye(3), 1e-10)
        self.assert_near(basis @ basis.T @ vectors, vectors, 1e-8)
        self.assert_near(np.abs(np.sum(basis * vectors, 0)), np.ones(3), 1e-8)
        self.assert_near(found["factors/sample_mean"].ravel(), x.mean(0), 1e-12)
        self.assert_near(found["factors/projections"], (x - x.mean(0)) @ basis, 1e-10)

    def test_truth_is_the_covariance_of_clean_samples_and_nothing_is_scaled_by_it(self):
        samples = self.random.normal(size=(ROWS, SAMPLES, COLS))
        self.save("samples.npy", samples)
        corrupted = DECK + '[[corrupt]]\nkind = "gaussian"\nsigma = 0.4\n'
        found = arrays(self.run_deck(2, corrupted))
        # The samples as the method's covariance saw them: without covariance_over.
        plain = corrupted.replace('covariance_over = "pictures"\n', "").replace(
            'columns = ["rows_2", "cols_2"]\n', "")
        outcome = self.tessera(2, "simulate", self.write_deck(plain), "noisy.npy")
        self.assertEqual(outcome.code, 0, outcome)
        noisy = np.load(self.folder / "noisy.observation.npy")
        axes = {(ROWS, COLS, SAMPLES): (2, 0, 1), (ROWS, SAMPLES, COLS): (1, 0, 2),
                (SAMPLES, ROWS, COLS): (0, 1, 2)}[noisy.shape]
        noisy = noisy.transpose(axes).reshape(SAMPLES, FEATURES)
        self.assert_near(found["truth"].reshape(FEATURES, FEATURES),
                         np.cov(table(samples), rowvar=False), 1e-12)
        self.assert_near(found["input"].reshape(FEATURES, FEATURES),
                         np.cov(noisy, rowvar=False), 1e-12)

    @at_ranks(1, 2)
    def test_a_network_s_covariance_has_no_negative_eigenvalues(self, ranks):
        self.save("samples.npy", self.low_rank())
        network = DECK[:DECK.index("[method]")] + """
[method]
name = "factor_networks"
contraction = "symmetric"
rank = 2
channels = 4
steps = 20
[output]
pictures = false
components = 2
"""
        found = arrays(self.run_deck(ranks, network))
        estimate = found["estimate"].reshape(FEATURES, FEATURES)
        self.assert_near(estimate, estimate.T, 1e-6)
        self.assertTrue((found["factors/eigenvalues"] > 0).all())
        vectors = found["factors/components"].reshape(FEATURES, -1)
        self.assert_near(estimate @ vectors, vectors * found["factors/eigenvalues"], 1e-6)
        self.assertEqual(found["factors/factor_rows_cols"].shape, (ROWS, COLS, 2))

    def classes(self, apart):
        """100 samples of 4 classes, 6 features: the class tells where the first two lie."""
        labels = np.arange(100) // 25
        samples = self.random.normal(size=(100, 6))
        samples[:, 0] += apart * (labels % 2)
        samples[:, 1] += apart * (labels // 2)
        return samples, labels

    @at_ranks(1, 2, 4)
    def test_separate_classes_are_told_apart(self, ranks):
        samples, labels = self.classes(apart=30.0)
        self.save("samples.npy", samples)
        self.save("labels.npy", labels)
        figures = summary(self.run_deck(ranks, CLASSES))["figures"]
        self.assertEqual(figures["svm_accuracy"], 1.0)
        self.assertEqual(figures["svm_accuracy_pca"], 1.0)
        self.assertNotIn("svm_accuracy_oracle", figures)
        by_number = CLASSES.replace('labels = "labels.npy"', "samples_per_class = 25")
        figures = summary(self.run_deck(ranks, by_number, name="number"))["figures"]
        self.assertEqual(figures["svm_accuracy"], 1.0)

    def test_shuffled_labels_are_guessed(self):
        samples, labels = self.classes(apart=30.0)
        self.save("samples.npy", samples)
        self.save("labels.npy", self.random.permutation(labels))
        figures = summary(self.run_deck(2, CLASSES))["figures"]
        # One in four by chance; 75 samples judge, so one split has a standard deviation of 0.05.
        self.assertLess(abs(figures["svm_accuracy"] - 0.25), 0.15)

    def test_noise_costs_accuracy_and_ranks_do_not(self):
        samples, labels = self.classes(apart=4.0)
        self.save("samples.npy", samples)
        self.save("labels.npy", labels)
        noisy = CLASSES + '[[corrupt]]\nkind = "gaussian"\nsigma = 3.0\n'
        one = summary(self.run_deck(1, noisy))["figures"]
        four = summary(self.run_deck(4, noisy, name="four"))["figures"]
        for name in ("svm_accuracy", "svm_accuracy_pca", "svm_accuracy_oracle"):
            self.assertEqual(one[name], four[name])
        clean = summary(self.run_deck(2, CLASSES, name="clean"))["figures"]
        self.assertGreater(clean["svm_accuracy"], one["svm_accuracy"])


class BadSamples(RefusalCase):

    def setUp(self):
        super().setUp()
        np.save(self.folder / "samples.npy", np.random.default_rng(1).random((12, 6)))
        np.save(self.folder / "labels.npy", np.arange(12) // 4)

    def test_no_such_axis(self):
        self.refuse(2, CLASSES.replace('over = "samples"', 'over = "frames"'),
                    "data.covariance_over", '"frames"', "samples, features")

    def test_one_sample(self):
        np.save(self.folder / "samples.npy", np.ones((1, 6)))
        self.refuse(2, CLASSES, "at least 2 samples")

    def test_wrong_number_of_labels(self):
        np.save(self.folder / "labels.npy", np.arange(11))
        self.refuse(2, CLASSES, "classify.labels", "11 labels", "12 samples")

    def test_labels_that_are_no_whole_numbers(self):
        np.save(self.folder / "labels.npy", np.arange(12) / 2)
        self.refuse(2, CLASSES, "classify.labels", "label 1 is 0.5")

    def test_samples_per_class_that_do_not_divide(self):
        self.refuse(2, CLASSES.replace('labels = "labels.npy"', "samples_per_class = 5"),
                    "classify.samples_per_class = 5", "12 samples")

    def test_both_kinds_of_labels(self):
        self.refuse(2, CLASSES, "classify.labels", "either", arguments=[
            "classify.samples_per_class=4"])

    def test_training_share_that_leaves_a_class_empty(self):
        self.refuse(2, CLASSES, "classify.training_share = 0.1", "class 0", "4 samples",
                    arguments=["classify.training_share=0.1"])
        self.refuse(2, CLASSES, "classify.training_share = 0.9", "judge",
                    arguments=["classify.training_share=0.9"])

    def test_one_class(self):
        np.save(self.folder / "labels.npy", np.ones(12))
        self.refuse(2, CLASSES, "one class only")

    def test_classes_without_samples(self):
        self.refuse(2, CLASSES.replace('covariance_over = "samples"\n', ""), "[classify]",
                    "data.covariance_over")

    def test_missing_entries(self):
        self.refuse(2, CLASSES, "data.covariance_over", "missing entries",
                    arguments=['data.missing="nan"'])

    def test_too_many_axes(self):
        np.save(self.folder / "samples.npy", np.ones((3, 2, 2, 2, 2)))
        self.refuse(2, CLASSES.replace('axes = ["samples", "features"]\n', "").replace(
            'over = "samples"', 'over = "axis0"'), "2 to 4 axes")

    def test_a_covariance_that_does_not_fit(self):
        if "ASAN_OPTIONS" in os.environ:
            self.skipTest("the sanitizer ends a program whose allocation fails")
        deck = CLASSES.replace('path = "samples.npy"\naxes = ["samples", "features"]',
                               'scene = "low_rank"\nscene_shape = [900000, 3]\nscene_rank = 1')
        deck = deck.replace('over = "samples"', 'over = "cols"')
        deck = deck[:deck.index("[classify]")] + deck[deck.index("[output]"):]
        self.refuse(4, deck, "memory", "covariance", before_the_run=False)


if __name__ == "__main__":
    main()
