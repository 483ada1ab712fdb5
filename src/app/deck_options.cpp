#include "tessera/app/deck_options.hpp"

namespace tessera {

void SourceOptions::declare(OptionTable& table) {
    table.add("path", path, "file to read, with the dataset where it holds several: file[:dataset]")
        .example("\"cube.mat:Y\"")
        .details(
            "HDF5 (any dataset by path), MATLAB v5 and v7.3, NPY, NPZ, ENVI (the .hdr file), VTI, "
            "MetaImage, NRRD, NIfTI, MRC, TIFF, IDX, PGM, PNG, AVI and WAV are recognised by their "
            "content; a folder of pictures is read as one array, and a folder or a pattern such as "
            "\"slices/*.tif\" as a stack of TIFF files. Of a Data Exchange or "
            "NXtomo file the projections are meant unless a dataset is named. A relative path is "
            "taken from the folder of the run, then from TESSERA_DATA.");
    table.add("axes", axes, "names of the file's dimensions, in the file's own order")
        .example("[\"bands\", \"rows\", \"cols\"]")
        .details(
            "In the order in which the file's own software shows them: size(Y) in MATLAB, shape in "
            "NumPy; ENVI files are always rows, cols, bands. The modes named rows, cols and bands "
            "decide how pictures, metrics and band-wise options see the tensor.");
    table.add("shape", shape, "folds the file's dimensions into this shape")
        .minimum(1)
        .length(0, max_order)
        .example("[198, 100, 100]")
        .details(
            "In the file's own order: a MATLAB matrix of 198 x 10000 becomes 198 x 100 x 100 with "
            "the pixels running down the columns, as reshape does there.");
    table.add_choice("fold", fold_order,
                     {{"natural", FoldOrder::natural, "as the file's own software reshapes"},
                      {"first-fastest", FoldOrder::first_fastest, "column-major"},
                      {"last-fastest", FoldOrder::last_fastest, "row-major"}},
                     "how a folded dimension runs through its parts");
    table.add("order", order, "order of the axes in this run, the last one fastest in memory")
        .example("[\"rows\", \"cols\", \"bands\"]")
        .details(
            "Left out, rows, cols and bands come in that order; other names stay as they are.");
    table.add("region", region, "part of the tensor to work on: axis = [begin, end), from 0")
        .example("{ rows = [0, 64], bands = [10, 40] }");
    table.add("bin", bin, "neighbours averaged into one: axis = count")
        .example("{ rows = 2, cols = 2 }");
    table.add_check("region", [this]() -> std::string {
        for (const auto& [axis, range] : region) {
            if (range.size() != 2) {
                return "give two numbers, " + axis + " = [begin, end)";
            }
        }
        return "";
    });
}

void DataOptions::declare(OptionTable& table) {
    source.declare(table);
    table.add_choice("scene", scene,
                     {{"none", Scene::none, "read data.path"},
                      {"hyperspectral", Scene::hyperspectral,
                       "a simulated cube of rows x cols x bands in [0, 1]: no file is needed"},
                      {"low_rank", Scene::low_rank,
                       "a sum of `scene_rank` products of one factor column per axis"}},
                     "simulated data instead of a file");
    table.add("scene_shape", scene_shape, "rows, cols and bands of the simulated data")
        .details("Of low_rank: any number of axes; two are rows and cols.")
        .minimum(1)
        .length(2, max_order);
    table.add("scene_endmembers", scene_endmembers, "number of materials in the simulated cube")
        .minimum(2)
        .maximum(8);
    table.add("scene_rank", scene_rank, "products in low_rank data").minimum(1);
    table.add_choice("scene_factors", scene_factors,
                     {{"gaussian", SceneFactors::gaussian, "independent normal numbers"},
                      {"piecewise", SceneFactors::piecewise, "constant between ten jumps"}},
                     "columns of the factors of low_rank data");
    table.add_choice("scale", scale,
                     {{"none", ScalingKind::none, "values as they are in the file"},
                      {"max", ScalingKind::maximum, "divided by the largest magnitude"},
                      {"min-max", ScalingKind::min_max, "mapped to [0, 1]"},
                      {"band-min-max", ScalingKind::band_min_max, "each band mapped to [0, 1]"}},
                     "scaling before anything else; its parameters are kept in the result");
    table.add_choice("missing", missing,
                     {{"none", Missing::none, "every entry was observed; NaN is an error"},
                      {"nan", Missing::nan, "NaN marks a missing entry"},
                      {"zero", Missing::zero, "0 marks a missing entry"}},
                     "which values of the file mean that nothing was observed");
    table.add("mask", mask, "file[:dataset] of the data's shape, 0 where an entry is missing")
        .example("\"mask.npy\"");
    table.add_choice("noise", noise,
                     {{"unknown", Noise::unknown, "estimate it, or take it from [[corrupt]]"},
                      {"gaussian", Noise::gaussian, "additive, of standard deviation noise_sigma"},
                      {"poisson", Noise::poisson, "counts: noise_peak and noise_readout"}},
                     "what is known of the noise of measured data");
    table
        .add_number_or_list("noise_sigma", noise_sigma,
                            "standard deviation: one, or one per band; in the scaled data's units")
        .above(0.0)
        .example("0.05");
    table.add("noise_peak", noise_peak, "counts at the scaled value 1").minimum(0.0).unit("counts");
    table.add("noise_readout", noise_readout, "standard deviation of the readout noise")
        .minimum(0.0)
        .unit("counts");
    table
        .add_choice("absent", listed,
                    {{"none", Listed::no, "the file holds an array: every entry is there"},
                     {"zero", Listed::others_zero, "entries that are not listed are zeros: counts"},
                     {"missing", Listed::others_missing, "they are unknown: ratings, samples"}},
                    "for files that list entries (.tns, sptensor, CSV): what the others are")
        .details(
            "A line per entry, with its position in each mode and its value. data.shape states the "
            "extents; left out, they reach up to the largest position.");
    table.add("index_base", index_base, "listed entries: the first position of a mode, 0 or 1")
        .minimum(0)
        .maximum(1)
        .length(0, max_order)
        .example("[1]")
        .details(
            "One number for all modes or one per mode. Left out, positions begin at 0 where any of "
            "them is 0, otherwise at 1, and the log says so.");
    table
        .add("columns", columns,
             "listed entries: columns of the position in each mode, then of the value, from 1")
        .minimum(1)
        .length(0, max_order + 1)
        .example("[1, 2, 4]");
    table.add_choice(
        "duplicates", duplicates,
        {{"sum", Duplicates::sum, "their values are added up; the log says how many"},
         {"mean", Duplicates::mean, "measurements of one thing: their mean; the log says how many"},
         {"refuse", Duplicates::refuse, "an error"}},
        "listed entries: what several entries of one position mean");
    table.add("test", test, "listed entries: file of entries to predict, written like the data")
        .example("\"test.tns\"");
    table
        .add("hold_out", hold_out,
             "fraction of the observed entries that the method does not see: the report has the "
             "error of the estimate and of trivial fills there")
        .minimum(0.0)
        .maximum(0.9);
    table
        .add("covariance_over", covariance_over,
             "axis whose positions are samples: the method sees the covariance of the others")
        .example("\"pictures\"")
        .details(
            "The sample covariance of the other axes' positions, the features, of data that are "
            "scaled and corrupted as stated: of the axes pictures, rows, cols the axes become "
            "rows, cols, rows_2, cols_2. It is not scaled. The truth is the covariance of the data "
            "before [[corrupt]]. The result holds the leading eigenvectors of the estimate "
            "(output.components) and the samples projected on them.");
    table.add_check("covariance_over", [this]() -> std::string {
        if (of_samples() && (!mask.empty() || missing != Missing::none || hold_out > 0.0)) {
            return "a covariance needs data without missing entries: leave out data.mask, "
                   "data.missing and data.hold_out";
        }
        return "";
    });
    table.add_check("test", [this]() -> std::string {
        if (!test.empty() && hold_out > 0.0) {
            return "give either a file of test entries or data.hold_out";
        }
        if (!test.empty() && listed != Listed::others_missing) {
            return "test entries need data.absent = \"missing\"";
        }
        return "";
    });
    table.add_check("hold_out", [this]() -> std::string {
        if (hold_out > 0.0 && listed == Listed::others_zero) {
            return "with data.absent = \"zero\" an entry that is held out would be taken for 0";
        }
        return "";
    });
    table.add_check("path", [this]() -> std::string {
        const bool simulated = scene != Scene::none;
        if (source.path.empty() == !simulated) {
            return "give either a file or data.scene";
        }
        return "";
    });
    table.add_check("scene_shape", [this]() -> std::string {
        if (scene == Scene::hyperspectral && scene_shape.size() != 3) {
            return "a hyperspectral scene has 3 axes: rows, cols and bands";
        }
        return "";
    });
    table.add_check("noise", [this]() -> std::string {
        if (noise == Noise::gaussian && noise_sigma.empty()) {
            return "gaussian noise needs data.noise_sigma";
        }
        if (noise == Noise::poisson && noise_peak <= 0.0) {
            return "poisson noise needs data.noise_peak";
        }
        return "";
    });
}

void ClassifyOptions::declare(OptionTable& table) {
    table.add("labels", labels, "file[:dataset] with the class of each sample, a whole number")
        .example("\"labels.npy\"");
    table
        .add("samples_per_class", samples_per_class,
             "instead of labels: that many samples of a class follow one another")
        .minimum(0);
    table.add("training_share", training_share, "of each class, to learn from; the others judge")
        .above(0.0)
        .below(1.0);
    table
        .add("splits", splits,
             "draws of the training samples; the accuracies are the means over them")
        .minimum(1);
    table.add("cost", cost, "C of the support vector machine").above(0.0);
    table.add_check("labels", [this]() -> std::string {
        return labels.empty() == (samples_per_class > 0)
                   ? ""
                   : "give either a file of labels or classify.samples_per_class";
    });
}

void RunOptions::declare(OptionTable& table) {
    table.add("seed", seed, "seed of every random number of the run");
    table.add_choice("precision", precision,
                     {{"float32", Precision::float32, "half the memory; sums stay in float64"},
                      {"float64", Precision::float64, ""}},
                     "number type of the tensors");
    table
        .add_duration("time_limit", time_limit_seconds,
                      "wall-clock limit; a checkpoint is written in time, exit code 75")
        .example("\"01:50:00\"")
        .may_change_on_resume();
    table.add_duration("report_every", report_every_seconds, "time between progress lines in a log")
        .minimum(0.0)
        .may_change_on_resume();
    table
        .add("quality_every", quality_every_steps,
             "steps between quality figures in metrics.jsonl when the truth is known; 0: never")
        .minimum(0)
        .unit("steps")
        .may_change_on_resume();
    table.add_duration("checkpoint.every", checkpoint_every_seconds, "time between checkpoints")
        .above(0.0)
        .may_change_on_resume();
    table
        .add("checkpoint.steps", checkpoint_every_steps,
             "steps between checkpoints, beside the time; 0: only the time counts")
        .minimum(0)
        .unit("steps")
        .may_change_on_resume();
    table.add("petsc_options", petsc_options, "options handed to PETSc and SLEPc as they are")
        .example("\"-svd_monitor -svd_ncv 60\"");
}

void ParallelOptions::declare(OptionTable& table) {
    table.add("grid", grid, "process grid, one extent per mode; left out: chosen for the method")
        .minimum(1)
        .length(0, max_order)
        .example("[2, 1, 1]")
        .may_change_on_resume();
}

void OutputOptions::declare(OptionTable& table) {
    table.add("folder", folder, "folder that run folders are made in").may_change_on_resume();
    table.add("name", name, "name of the run folder; left out: the deck's name and the time")
        .may_change_on_resume();
    table.add("overwrite", overwrite, "let a run folder of that name be replaced")
        .may_change_on_resume();
    table.add("arrays", arrays, "arrays of the result file, where they exist")
        .choices({{"estimate", ""}, {"input", ""}, {"residual", ""}, {"truth", ""}})
        .may_change_on_resume();
    table.add("pictures", pictures, "write the picture sheet and the convergence picture")
        .may_change_on_resume();
    table.add("compression", compression, "deflate level of the result's arrays; 0: none")
        .minimum(0)
        .maximum(9)
        .may_change_on_resume();
    table
        .add("components", components,
             "with data.covariance_over: eigenvectors of the estimate that are written, and that "
             "[classify] uses; at most as many as there are")
        .minimum(1);
    table
        .add("quality_range", quality_range,
             "data range of PSNR and SSIM; 0: that of the truth, which is stated")
        .minimum(0.0)
        .may_change_on_resume();
}

}  // namespace tessera
