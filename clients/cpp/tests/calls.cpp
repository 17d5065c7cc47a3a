// calls: makes the calls of standard input, a line each, and prints what they give.
//
//     log_prob BUNDLE x=2x3:1,2,3,4,5,6 context=1:0.5 rows_at_once=4
//
// gives "log_prob 2:-1.5,-2.5", or the text of an error, and then a line ".".
#include <flowspec.hpp>
#include <iostream>
#include <sstream>

using flowspec::Array;
using Arguments = std::map<std::string, std::string>;

namespace {

template <class T>
Array<T> array(const std::string& text) {
  const std::size_t colon = text.find(':'), times = text.find('x');
  std::vector<T> values;
  std::istringstream numbers(text.substr(colon + 1));
  for (std::string number; std::getline(numbers, number, ',');)
    values.push_back(static_cast<T>(std::strtod(number.c_str(), nullptr)));
  if (times == std::string::npos) return Array<T>(std::move(values));
  return Array<T>(std::move(values), std::stoul(text.substr(times + 1)));
}

template <class T>
void print(const char* name, const Array<T>& values) {
  std::printf("%s ", name);
  for (std::size_t i = 0; i < values.shape().size(); ++i)
    std::printf(i ? "x%lld" : "%lld", static_cast<long long>(values.shape()[i]));
  for (std::size_t i = 0; i < values.values().size(); ++i)
    std::printf("%c%.17g", i ? ',' : ':', static_cast<double>(values[i]));
  std::printf("\n");
}

template <class T>
class Calls {
 public:
  Calls(const std::string& folder, Arguments arguments)
      : arguments_(std::move(arguments)), flow_(flowspec::load<T>(folder, options())) {}

  void call(const std::string& method) {
    if (method == "log_prob") print("log_prob", flow_.log_prob(in("x"), maybe("context")));
    if (method == "sample") {
      auto points = flow_.sample(integer("n"), integer("seed").value_or(0), maybe("context"),
                                 integer("first_row").value_or(0));
      print("x", points.x), print("log_prob", points.log_prob);
    }
    if (method == "from_noise") {
      auto points = flow_.from_noise(in("noise"), maybe("context"));
      print("x", points.x), print("log_prob", points.log_prob);
    }
    if (method == "to_base") {
      auto latent = flow_.to_base(in("x"), maybe("context"));
      print("z", latent.z), print("log_prob", latent.log_prob);
    }
    if (method == "gradient") {
      auto gradient = flow_.gradient(in("x"), maybe("context"));
      print("log_prob", gradient.log_prob), print("x_grad", gradient.x_grad);
      if (!flow_.context().empty()) print("context_grad", gradient.context_grad);
    }
    if (method == "from_noise_gradient") {
      auto gradient = flow_.from_noise_gradient(in("noise"), in("x_cotangent"),
                                                maybe("log_prob_cotangent"), maybe("context"));
      print("x", gradient.x), print("log_prob", gradient.log_prob),
          print("noise_grad", gradient.noise_grad);
      if (!flow_.context().empty()) print("context_grad", gradient.context_grad);
    }
  }

 private:
  flowspec::Options options() const {
    flowspec::Options options;
    options.threads = 1;
    if (auto threads = integer("threads")) options.threads = static_cast<int>(*threads);
    if (auto rows = integer("rows_at_once")) options.rows_at_once = *rows;
    return options;
  }
  Array<T> in(const std::string& name) const { return array<T>(arguments_.at(name)); }
  std::optional<Array<T>> maybe(const std::string& name) const {
    return arguments_.count(name) ? std::optional<Array<T>>(in(name)) : std::nullopt;
  }
  std::optional<std::int64_t> integer(const std::string& name) const {
    return arguments_.count(name) ? std::optional<std::int64_t>(std::stoll(arguments_.at(name)))
                                  : std::nullopt;
  }

  Arguments arguments_;
  flowspec::Flow<T> flow_;
};

void call(const std::string& line) try {
  std::istringstream words(line);
  std::string method, folder, word;
  Arguments arguments;
  words >> method >> folder;
  while (words >> word) arguments[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  if (arguments.count("double"))
    Calls<double>(folder, arguments).call(method);
  else
    Calls<float>(folder, arguments).call(method);
} catch (const flowspec::Error& error) {
  std::printf("%s\n", error.what());
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    call(line);
    std::printf(".\n");
  }
}
