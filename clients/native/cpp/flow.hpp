// A flow chosen at run time, with vectors: copy what you need.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "flow.h"

class Flow {
 public:
  explicit Flow(const flowspec_flow_float &flow = flow_flow) : flow_(flow) {}

  std::size_t columns() const { return flow_.columns; }
  std::size_t context() const { return flow_.context; }

  std::vector<float> log_prob(const std::vector<float> &x, const std::vector<float> &context = {}) const {
    const std::size_t n = rows(x, flow_.columns);
    if (context.size() != n * flow_.context) throw std::invalid_argument("context: one row for each row of x");
    std::vector<float> found(n);
    flow_.log_prob(x.data(), context.data(), found.data(), n);
    return found;
  }

  /** n rows, and their log-densities. */
  std::pair<std::vector<float>, std::vector<float>> sample(std::size_t n, std::int64_t seed, std::int64_t first_row = 0,
                                                           const std::vector<float> &context = {}) const {
    if (context.size() != n * flow_.context) throw std::invalid_argument("context: one row for each sample");
    std::vector<float> x(n * flow_.columns), log_prob(n);
    flow_.sample(seed, first_row, context.data(), x.data(), log_prob.data(), n);
    return {x, log_prob};
  }

 private:
  static std::size_t rows(const std::vector<float> &values, std::size_t width) {
    if (values.size() % width) throw std::invalid_argument("x: rows of another length");
    return values.size() / width;
  }
  const flowspec_flow_float &flow_;
};
