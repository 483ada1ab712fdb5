#include "tessera/method/cp/cp_entry.hpp"
#include "tessera/method/factor_networks/factor_networks_entry.hpp"
#include "tessera/method/method.hpp"
#include "tessera/method/nmf/nmf_entry.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_entry.hpp"
#include "tessera/method/svd/svd_entry.hpp"
#include "tessera/method/tucker/tucker_entry.hpp"

namespace tessera {

// One line per method: the only place outside a method's own folder that knows of it.
std::vector<std::unique_ptr<MethodEntry>> method_catalogue() {
    std::vector<std::unique_ptr<MethodEntry>> methods;
    methods.push_back(make_svd_entry());
    methods.push_back(make_cp_entry());
    methods.push_back(make_tucker_entry());
    methods.push_back(make_nmf_entry());
    methods.push_back(make_factor_networks_entry());
    methods.push_back(make_nuclear_norm_entry());
    return methods;
}

}  // namespace tessera
