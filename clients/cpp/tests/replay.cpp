// replay BUNDLE...: the vectors of each bundle through flowspec.hpp. Prints a line for each output:
// "GRAPH OUTPUT DIFFERENCE ALLOWED", and exits with 1 where a difference is larger than allowed.
#include <flowspec.hpp>
#include <fstream>
#include <iostream>

using flowspec::Array;
using flowspec::Json;

namespace {

Json read_json(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Json::parse({std::istreambuf_iterator<char>(file), {}});
}

double number(const Json& value) {
  const double infinite = std::numeric_limits<double>::infinity();
  if (!value.is_text()) return value.number();
  return value.text() == "NaN" ? std::nan("") : value.text() == "Infinity" ? infinite : -infinite;
}

// The numbers of a list, or of a list of lists.
template <class T>
Array<T> array(const Json& rows) {
  std::vector<T> values;
  std::size_t columns = 0;
  for (const Json& row : rows.list()) {
    if (!row.is_list()) {
      values.push_back(static_cast<T>(number(row)));
      continue;
    }
    columns = row.list().size();
    for (const Json& value : row.list()) values.push_back(static_cast<T>(number(value)));
  }
  return columns ? Array<T>(std::move(values), columns) : Array<T>(std::move(values));
}

template <class T>
class Replay {
 public:
  Replay(const std::string& folder)
      : flow_(flowspec::load<T>(folder)), vectors_(read_json(folder + "/vectors.json")) {}

  bool right() {
    bool all = true;
    for (const std::string& graph : flow_.graphs()) all &= right(graph);
    return all;
  }

 private:
  bool right(const std::string& graph) {
    const Json& vectors = vectors_[graph];
    std::optional<Array<T>> context;
    if (vectors.has("context")) context = array<T>(vectors["context"]);
    const auto in = [&](const char* name) { return array<T>(vectors[name]); };
    std::map<std::string, Array<T>> out;
    if (graph == "log_prob") {
      out["log_prob"] = flow_.log_prob(in("x"), context);
    } else if (graph == "from_noise") {
      auto points = flow_.from_noise(in("noise"), context);
      out = {{"x", points.x}, {"log_prob", points.log_prob}};
    } else if (graph == "to_base") {
      auto latent = flow_.to_base(in("x"), context);
      out = {{"z", latent.z}, {"log_prob", latent.log_prob}};
    } else if (graph == "log_prob_grad") {
      auto gradient = flow_.gradient(in("x"), context);
      out = {{"log_prob", gradient.log_prob},
             {"x_grad", gradient.x_grad},
             {"context_grad", gradient.context_grad}};
    } else if (graph == "from_noise_grad") {
      auto gradient = flow_.from_noise_gradient(in("noise"), in("x_cotangent"),
                                                in("log_prob_cotangent"), context);
      out = {{"x", gradient.x},
             {"log_prob", gradient.log_prob},
             {"noise_grad", gradient.noise_grad},
             {"context_grad", gradient.context_grad}};
    } else {
      const auto rows = static_cast<std::int64_t>(vectors["x"]["parity"].list().size());
      auto points =
          flow_.sample(rows, vectors["seed"].integer(), context, vectors["first_row"].integer());
      out = {{"x", points.x}, {"log_prob", points.log_prob}};
    }
    return compare(graph, out);
  }

  bool compare(const std::string& graph, const std::map<std::string, Array<T>>& out) {
    const Json& vectors = vectors_[graph];
    const Json& tolerance = vectors.has("tolerance") ? vectors["tolerance"] : vectors_["tolerance"];
    const double allowed = tolerance["relative"].number();
    bool all = true;
    for (auto& [name, values] : out) {
      if (!vectors.has(name)) continue;
      const double apart =
          difference(values, array<double>(vectors[name]["parity"]), rows_left_out(vectors));
      std::cout << graph << ' ' << name << ' ' << apart << ' ' << allowed << '\n';
      all &= apart <= allowed;
    }
    return all;
  }

  // Rows with numbers that some engines take for 0, and rows that the float type does not
  // determine.
  static std::vector<bool> rows_left_out(const Json& vectors) {
    std::vector<bool> rows;
    for (const char* name : {"x", "noise", "context"}) {
      if (!vectors.has(name) || !vectors[name].is_list()) continue;
      const Array<T> values = array<T>(vectors[name]);
      rows.resize(std::max(rows.size(), values.rows()));
      for (std::size_t i = 0; i < values.values().size(); ++i)
        if (std::fpclassify(values[i]) == FP_SUBNORMAL) rows[i / values.columns()] = true;
    }
    if (vectors.has("unsettled"))
      for (const Json& row : vectors["unsettled"].list()) {
        const auto index = static_cast<std::size_t>(row.integer());
        rows.resize(std::max(rows.size(), index + 1));
        rows[index] = true;
      }
    return rows;
  }

  static double difference(const Array<T>& values, const Array<double>& wanted,
                           const std::vector<bool>& left_out) {
    const double infinite = std::numeric_limits<double>::infinity();
    if (values.shape() != wanted.shape()) return infinite;
    double worst = 0;
    for (std::size_t i = 0; i < values.values().size(); ++i) {
      const std::size_t row = i / values.columns();
      const double a = values[i], b = wanted[i];
      if ((row < left_out.size() && left_out[row]) || a == b || (std::isnan(a) && std::isnan(b)))
        continue;
      const double apart = std::abs(a - b) / (1 + std::abs(b));
      worst = std::max(worst, std::isnan(apart) ? infinite : apart);
    }
    return worst;
  }

  flowspec::Flow<T> flow_;
  Json vectors_;
};

bool right(const std::string& folder) {
  const bool is_double = read_json(folder + "/flow.json")["dtype"].text() == "float64";
  return is_double ? Replay<double>(folder).right() : Replay<float>(folder).right();
}

}  // namespace

int main(int count, char** folders) try {
  bool all = true;
  for (int i = 1; i < count; ++i) all &= right(folders[i]);
  return all ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
