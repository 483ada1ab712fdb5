#include "tessera/method/cp/cp_options.hpp"

namespace tessera {

void CpOptions::declare(OptionTable& table) {
    table.add("rank", rank, "number of components").minimum(1);
    table
        .add("nonnegative", nonnegative,
             "keep all factors nonnegative (hierarchical alternating least squares)")
        .details("For intensities, concentrations and counts: components then add up, like parts.");
    table
        .add("starts", starts,
             "random starts, run one after the other; the one with the best fit is the result")
        .minimum(1)
        .details("Alternating least squares may end in a local optimum or a slow swamp.");
    table.add("maximum_steps", maximum_steps, "most sweeps over all modes, of each start")
        .minimum(1);
    table.add("tolerance", tolerance, "stop a start when a sweep changes the fit by less than this")
        .above(0.0)
        .details("The fit is 1 - |X - M| / |X| for data X and model M.");
    table
        .add("ridge", ridge,
             "data with missing entries: weight of the factors' squares beside the squared error")
        .minimum(0.0)
        .details(
            "For data scaled to a root mean square of 1, so that it means the same in any units. "
            "Rows with few observed entries are held back most; more where the error on entries "
            "that were held out is much larger than on observed ones.");
}

}  // namespace tessera
