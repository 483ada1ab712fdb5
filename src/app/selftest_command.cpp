#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numeric>

#include "tessera/app/commands.hpp"
#include "tessera/app/study.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/base/random.hpp"
#include "tessera/io/read_tensor.hpp"
#include "tessera/io/write_tensor.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/slepc.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/problem.hpp"
#include "tessera/tensor/contraction.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

// Small enough to hold on every rank, of a shape that no usual number of ranks divides; no mode
// is shorter than the methods' default ranks.
const Extents test_shape{17, 13, 11};

// What a check found: a figure that must not exceed its limit.
struct Finding {
    double figure = 0.0;
    double limit = 0.0;
};

// Sum of two products of sines, positive: exactly of rank 2 in every unfolding.
KOKKOS_INLINE_FUNCTION double exact_entry(const Extents& at) {
    double value = 0.0;
    for (int term = 1; term <= 2; ++term) {
        double product = 1.0;
        for (int mode = 0; mode < at.order(); ++mode) {
            product *= 1.5 + Kokkos::sin(0.7 * term * static_cast<double>(at[mode]) + mode);
        }
        value += product;
    }
    return value;
}

DenseTensor<double> exact_tensor(const Communicator& communicator, const std::vector<bool>& split) {
    const Partition partition(test_shape, ProcessGrid::automatic(communicator, test_shape, split));
    std::optional<DenseTensor<double>> tensor;
    agree(communicator, [&] { tensor.emplace("selftest", partition); });
    const DeviceView<double> values = tensor->block();
    const GlobalIndex index = global_index(*tensor);
    Kokkos::parallel_for(
        "tessera::selftest::fill",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, static_cast<Index>(values.size())),
        KOKKOS_LAMBDA(Index i) {
            values(i) = exact_entry(row_major_position(index(i), index.shape));
        });
    Kokkos::fence("tessera::selftest::fill");
    return *tensor;
}

double relative_difference(const DenseTensor<double>& a, const DenseTensor<double>& b) {
    const DeviceView<double> x = a.block();
    const DeviceView<double> y = b.block();
    double square = 0.0;
    Kokkos::parallel_reduce(
        "tessera::selftest::difference",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, x.size()),
        KOKKOS_LAMBDA(std::size_t i, double& sum) { sum += (x(i) - y(i)) * (x(i) - y(i)); },
        square);
    return std::sqrt(a.communicator().sum(square) / squared_norm(a));
}

Finding check_random() {
    // A line of kat_vectors that comes with Random123: philox4x32, 10 rounds, digits of pi.
    const auto words = Random(0x299f31d0a4093822U, 0x03707344U)
                           .words(static_cast<Index>(0x85a308d3243f6a88U), 0x13198a2eU);
    constexpr std::array<std::uint32_t, 4> known = {0xd16cfe09U, 0x94fdccebU, 0x5001e420U,
                                                    0x24126ea1U};
    int wrong = 0;
    for (std::size_t i = 0; i < known.size(); ++i) {
        wrong += words[i] == known[i] ? 0 : 1;
    }
    return {static_cast<double>(wrong), 0.0};
}

Finding check_collectives(const Communicator& communicator) {
    const double rank = communicator.rank();
    const double ranks = communicator.size();
    // Long enough for the large-message algorithms of the library.
    std::vector<double> values(100000, rank + 1.0);
    communicator.sum_in_place(values.data(), static_cast<Index>(values.size()));
    double wrong = 0.0;
    for (const double value : values) {
        wrong += value == ranks * (ranks + 1.0) / 2.0 ? 0.0 : 1.0;
    }
    std::fill(values.begin(), values.end(), rank);
    communicator.broadcast(values.data(), static_cast<Index>(values.size()),
                           communicator.size() - 1);
    wrong += values.back() == ranks - 1.0 ? 0.0 : 1.0;
    const std::vector<double> all = communicator.all_gather(std::vector<double>{rank});
    for (std::size_t i = 0; i < all.size(); ++i) {
        wrong += all[i] == static_cast<double>(i) ? 0.0 : 1.0;
    }
    return {communicator.sum(wrong), 0.0};
}

// Singular values of a matrix that is spread over the ranks, against LAPACK's of the whole.
Finding check_svd(const Communicator& communicator) {
    constexpr Index columns = 20;
    constexpr Index all_rows = 300;
    const Random random(7, 0);
    Matrix whole(all_rows, columns);
    for (Index row = 0; row < all_rows; ++row) {
        for (Index column = 0; column < columns; ++column) {
            whole(row, column) = random.normal(row * columns + column);
        }
    }
    const Range own = block_range(all_rows, communicator.size(), communicator.rank());
    std::vector<double> part;
    for (Index row = own.begin; row < own.end; ++row) {
        for (Index column = 0; column < columns; ++column) {
            part.push_back(whole(row, column));
        }
    }
    const TallSvd spread =
        tall_svd(SlabMatrix<const double>{part.data(), own.size(), columns, 1}, communicator);
    const std::vector<double> exact = dense_singular_values(whole);
    double worst = 0.0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        worst = std::max(worst, std::abs(spread.singular_values[i] - exact[i]) / exact[0]);
    }
    return {worst, 1e-12};
}

Finding check_gram(const Communicator& communicator) {
    const DenseTensor<double> tensor = exact_tensor(communicator, {true, true, true});
    double worst = 0.0;
    for (int mode = 0; mode < test_shape.order(); ++mode) {
        const Matrix found = unfolding_gram(tensor, mode);
        Matrix expected(test_shape[mode], test_shape[mode]);
        for (Index entry = 0; entry < test_shape.product(); ++entry) {
            Extents at = row_major_position(entry, test_shape);
            const double value = exact_entry(at);
            const Index i = at[mode];
            for (Index j = 0; j < test_shape[mode]; ++j) {
                at[mode] = j;
                expected(i, j) += value * exact_entry(at);
            }
        }
        for (std::size_t k = 0; k < expected.values.size(); ++k) {
            worst = std::max(
                worst, std::abs(found.values[k] - expected.values[k]) / expected.values.front());
        }
    }
    return {worst, 1e-12};
}

Finding check_tensor_times_matrix(const Communicator& communicator) {
    const DenseTensor<double> tensor = exact_tensor(communicator, {true, true, true});
    double worst = 0.0;
    for (int mode = 0; mode < test_shape.order(); ++mode) {
        Matrix w(3, test_shape[mode]);
        for (std::size_t k = 0; k < w.values.size(); ++k) {
            w.values[k] = Random(11, 0).normal(static_cast<Index>(k));
        }
        const DenseTensor<double> found = tensor_times_matrix(tensor, mode, w);
        const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), found.block());
        const GlobalIndex index = global_index(found);
        for (Index i = 0; i < found.block_shape().product(); ++i) {
            Extents at = row_major_position(index(i), index.shape);
            const Index row = at[mode];
            double expected = 0.0;
            for (Index m = 0; m < test_shape[mode]; ++m) {
                at[mode] = m;
                expected += w(row, m) * exact_entry(at);
            }
            worst = std::max(worst, std::abs(host(static_cast<std::size_t>(i)) - expected));
        }
    }
    return {communicator.max(worst), 1e-10};
}

// Writes and reads a file in the folder for temporary files.
Finding check_file(const Communicator& communicator) {
    const DenseTensor<double> tensor = exact_tensor(communicator, {true, true, true});
    std::string path;
    agree(communicator, [&] {
        path = (std::filesystem::temp_directory_path() /
                fmt::format("tessera-selftest-{}.h5", ::getpid()))
                   .string();
    });
    communicator.broadcast(path);
    TensorOutput output;
    output.path = path;
    output.axes = {"a", "b", "c"};
    write_tensor(tensor, output);
    const auto reader = TensorReader::open(path + ":/" + output.dataset, communicator);
    const ReadPlan plan = plan_read(reader->info(), AxesRequest{});
    const DenseTensor<double> read =
        read_tensor<double>(*reader, plan, "selftest", tensor.partition());
    const double difference = relative_difference(tensor, read);
    agree_on_rank_0(communicator, [&] { std::filesystem::remove(path); });
    return {difference, 0.0};
}

// A method on noiseless data that a model of low rank describes: with its default options, or those
// of its quick trial, the estimate must come near them.
Finding check_method(const Communicator& communicator, const MethodEntry& entry) {
    Study study;
    Deck deck;
    deck.set_all({"data.path=\"exact\"", "method.name=\"" + entry.name() + "\""});
    deck.set_all(entry.quick_trial());
    study.bind(deck);
    const std::vector<std::string> axes = {"rows", "cols", "bands"};
    study.method().check(test_shape, axes);
    const DenseTensor<double> tensor =
        exact_tensor(communicator, study.method().preferred_split(test_shape, axes));
    const Problem<double> problem{tensor, std::nullopt, NoiseModel{}, axes, std::nullopt};
    const auto method = study.method().make(problem, 1);
    constexpr double most_seconds = 5.0;
    const double begin = monotonic_seconds();
    const auto in_time = [&] {
        // One clock decides, or ranks would part.
        return !communicator.any(communicator.rank() == 0 &&
                                 monotonic_seconds() - begin > most_seconds);
    };
    while (!method->finished() && in_time()) {
        method->step();
    }
    return {relative_difference(tensor, method->estimate()), 0.05};
}

// Runs checks and collects the table; a check that throws has failed, on all ranks alike.
class SelfTest {
  public:
    explicit SelfTest(const Communicator& communicator) : communicator_(communicator) {}

    void check(const std::string& name, const std::function<Finding()>& work) {
        const double begin = monotonic_seconds();
        std::string verdict;
        bool passed = false;
        try {
            const Finding found = work();
            passed = !communicator_.any(!(found.figure <= found.limit));
            verdict = fmt::format("{:.2g} (at most {:.2g})", found.figure, found.limit);
        } catch (const Error& error) {
            verdict = error.what();
        }
        failed_ += passed ? 0 : 1;
        print(communicator_, fmt::format("{:<6} {:<34} {:>6.2f} s  {}\n", passed ? "ok" : "FAILED",
                                         name, monotonic_seconds() - begin, verdict));
    }

    [[nodiscard]] int failed() const { return failed_; }

  private:
    const Communicator& communicator_;
    int failed_ = 0;
};

}  // namespace

ExitCode selftest_command(const Communicator& communicator) {
    ensure_slepc();
    print(communicator,
          fmt::format("{} ranks, {} threads each; {}\n", communicator.size(),
                      Kokkos::DefaultExecutionSpace().concurrency(), blas_description()));
    SelfTest test(communicator);
    test.check("random numbers, known answers", check_random);
    test.check("MPI collectives", [&] { return check_collectives(communicator); });
    test.check("distributed SVD against LAPACK", [&] { return check_svd(communicator); });
    test.check("Gram matrices against loops", [&] { return check_gram(communicator); });
    test.check("tensor times matrix against loops",
               [&] { return check_tensor_times_matrix(communicator); });
    test.check("file written and read", [&] { return check_file(communicator); });
    for (const auto& entry : method_catalogue()) {
        test.check("method " + entry->name() + " on exact data",
                   [&] { return check_method(communicator, *entry); });
    }
    print(communicator, test.failed() == 0 ? "all checks passed\n"
                                           : fmt::format("{} checks failed\n", test.failed()));
    return test.failed() == 0 ? ExitCode::done : ExitCode::missed;
}

}  // namespace tessera
