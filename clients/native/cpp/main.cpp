// Samples and densities from C++: see the Makefile.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "flow.hpp"

struct Words {
  std::ifstream file;
  std::string next() {
    std::string word;
    if (!(file >> word)) throw std::runtime_error("the vectors are too short");
    return word;
  }
  float number() { return std::strtof(next().c_str(), nullptr); }  // >> reads no infinities
  long long integer() { return std::stoll(next()); }
  void row(std::vector<float> &values, std::size_t count) {
    while (count-- > 0) values.push_back(number());
  }
};

static bool same(float found, float expected, float tolerance) {
  if (found == expected || (std::isnan(found) && std::isnan(expected))) return true;
  return std::fabs(found - expected) <= tolerance * (1 + std::fabs(expected));
}

static bool same(const std::vector<float> &found, const std::vector<float> &expected, float tolerance) {
  bool all = found.size() == expected.size();
  for (std::size_t i = 0; all && i < found.size(); i++) all = same(found[i], expected[i], tolerance);
  return all;
}

int main(int, char **words) {
  const Flow flow;
  Words vectors{std::ifstream(words[1])};
  std::vector<float> x, context, log_prob;
  if (vectors.number() != flow.columns() || vectors.number() != flow.context()) return 2;
  float tolerance = vectors.number();
  for (long long rows = vectors.integer(); rows > 0; rows--) {
    vectors.row(x, flow.columns());
    vectors.row(context, flow.context());
    vectors.row(log_prob, 1);
  }
  bool right = same(flow.log_prob(x, context), log_prob, tolerance);

  for (auto *values : {&x, &context, &log_prob}) values->clear();
  tolerance = vectors.number();
  const long long rows = vectors.integer(), seed = vectors.integer(), first_row = vectors.integer();
  for (long long i = 0; i < rows; i++) {
    vectors.row(context, flow.context());
    vectors.row(x, flow.columns());
    vectors.row(log_prob, 1);
  }
  const auto drawn = flow.sample(rows, seed, first_row, context);
  right = right && same(drawn.first, x, tolerance) && same(drawn.second, log_prob, tolerance);
  std::cout << (right ? "ok" : "differs") << "\n";
  return !right;
}
