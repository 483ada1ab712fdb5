#include "tessera/method/nmf/nmf_options.hpp"

namespace tessera {

void NmfOptions::declare(OptionTable& table) {
    table.add("columns", columns, "axes that form the columns of the matrix; all others its rows")
        .example("[\"bands\"]")
        .details("Left out, the axis named bands, or the last one.");
    table.add("rank", rank, "number of nonnegative components").minimum(1);
    table.add_choice(
        "update", update,
        {{"hals", Update::hals,
          "hierarchical alternating least squares (Cichocki and Phan 2009): far fewer steps"},
         {"multiplicative", Update::multiplicative,
          "Lee and Seung 2001; for comparison, not with missing entries"},
         {"kullback_leibler", Update::kullback_leibler,
          "Lee and Seung 2001, for counts: least Kullback-Leibler divergence, which is what photon "
          "noise asks for; not with missing entries"}},
        "how a step improves the factors, and what it makes small");
    table.add_choice(
        "start", start,
        {{"random", Start::random, "uniform random numbers"},
         {"svd", Start::svd,
          "nonnegative parts of the leading singular vectors (NNDSVD, Boutsidis and Gallopoulos "
          "2008); not with missing entries"}},
        "what the first step improves");
    table.add("maximum_steps", maximum_steps, "most steps, each of which updates both factors")
        .minimum(1);
    table.add("tolerance", tolerance, "stop when a step changes the objective by less than this")
        .above(0.0)
        .details(
            "The objective is the relative error; with update = \"kullback_leibler\" the "
            "divergence "
            "relative to the sum of the data.");
}

}  // namespace tessera
