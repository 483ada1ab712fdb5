#pragma once

#include <vector>

// Written by make_goldens.py.

namespace tessera::goldens {

inline constexpr double quality_mse = 0.003198356262892832;
inline constexpr double quality_psnr_range_1 = 24.950731621060772;
inline constexpr double quality_psnr_data_range = 20.509200618654646;
inline constexpr double quality_mean_psnr_range_1 = 24.95073162196453;
inline constexpr double quality_relative_error = 0.1076741963896971;
inline constexpr double quality_ssim_range_1 = 0.7873968596878794;
inline constexpr double quality_ssim_range_data_range = 0.7779484462119163;
inline constexpr double quality_sam_degrees = 1.325556906944184;
inline constexpr double quality_ergas = 11.254441415065171;
inline constexpr double quality_ergas_legacy = 127.39798092091368;
inline const std::vector<double> marchenko_pastur_betas = {1.0, 0.7, 0.25, 0.1, 0.01};
inline const std::vector<double> marchenko_pastur_medians = {0.6527759416335635, 0.7606380374896671,
                                                             0.9160040706866616, 0.9665651474028365,
                                                             0.9966656763386517};
inline const std::vector<double> regression_sigma = {
    0.01378176548001556,  0.013835991625508061, 0.019444102721657964, 0.018937406819994878,
    0.023232997108572365, 0.024835047350252208, 0.02676553704659999,  0.02635284712986795,
    0.029782166045581506, 0.03788790772179991,  0.03203540343230726,  0.03598796780000424};
inline const std::vector<double> regression_signal_gram_diagonal = {
    2260.0839772302315, 1520.1029289437993, 574.655579493982,  350.1219359808729,
    575.4576014923704,  745.4273879723121,  568.1887863016826, 446.83288851247846,
    581.99724406632,    727.7573596057721,  570.2549543211255, 449.6049486676766};
inline const std::vector<double> regression_signal_gram_first_row = {
    2260.0839772302315, 1852.3398747015042, 1130.2188123153105, 881.4946481791146,
    1132.557926173477,  1290.2471119102922, 1122.9319995477465, 996.691823245395,
    1137.528184661955,  1261.1767671420948, 1126.4490864682261, 999.5264437251931};
inline constexpr double hysime_size = 4.0;

}  // namespace tessera::goldens
