// flowspec.hpp: bundles of FlowSpec in C++17, over the C++ API of onnxruntime (1.18 and later).
//
//     auto flow = flowspec::load("exported/two_moons");
//     auto drawn = flow.sample(5, /*seed=*/1);        // drawn.x (5, 2), drawn.log_prob (5)
//     auto density = flow.log_prob(drawn.x);
//
// The words, the checks and the texts of errors are those of the Python client. A `Flow` may be
// copied, which is cheap, and used from many threads.
#pragma once

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace flowspec {

// --- errors
// ---------------------------------------------------------------------------------------

// A mistake of the caller, or a bundle that is damaged. `what()` is the whole text, as in Python.
class Error : public std::runtime_error {
 public:
  Error(const std::string& code, const std::string& message, const std::string& help)
      : std::runtime_error("error[" + code + "]: " + message + "\n  = help: " + help),
        code_(code),
        message_(message),
        help_(help) {}

  const std::string& code() const { return code_; }        // a name of the kind: "wrong-shape"
  const std::string& message() const { return message_; }  // what is wrong
  const std::string& help() const { return help_; }        // what to write instead

 private:
  std::string code_, message_, help_;
};

// --- arrays
// ---------------------------------------------------------------------------------------

// Rows of numbers: (N,), or (N, columns) row by row.
template <class T>
class Array {
 public:
  Array() : shape_{0} {}
  Array(std::initializer_list<T> values) : Array(std::vector<T>(values)) {}
  Array(std::vector<T> values)
      : values_(std::move(values)), shape_{static_cast<std::int64_t>(values_.size())} {}
  Array(std::vector<T> values, std::size_t columns) : values_(std::move(values)) {
    if (columns == 0 || values_.size() % columns)
      throw std::invalid_argument("an array of " + std::to_string(values_.size()) +
                                  " numbers has no rows of " + std::to_string(columns));
    shape_ = {static_cast<std::int64_t>(values_.size() / columns),
              static_cast<std::int64_t>(columns)};
  }

  std::size_t rows() const { return static_cast<std::size_t>(shape_[0]); }
  std::size_t columns() const {
    return shape_.size() < 2 ? 1 : static_cast<std::size_t>(shape_[1]);
  }
  const std::vector<std::int64_t>& shape() const { return shape_; }

  T operator()(std::size_t row, std::size_t column = 0) const {
    return values_[row * columns() + column];
  }
  T operator[](std::size_t index) const { return values_[index]; }
  const std::vector<T>& values() const { return values_; }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::vector<T> values_;
  std::vector<std::int64_t> shape_;
};

// Points of the flow and their log-densities.
template <class T>
struct Points {
  Array<T> x;
  Array<T> log_prob;
};

// Points of the base, and the log-densities of those of the flow.
template <class T>
struct Latent {
  Array<T> z;
  Array<T> log_prob;
};

// Log-densities and their derivatives; that of the context is empty where there is none.
template <class T>
struct Gradient {
  Array<T> log_prob;
  Array<T> x_grad;
  Array<T> context_grad;
};

// Points, log-densities, and the vector-Jacobian products with noise and context.
template <class T>
struct NoiseGradient {
  Array<T> x;
  Array<T> log_prob;
  Array<T> noise_grad;
  Array<T> context_grad;
};

// --- JSON: as much of it as the files of a bundle need
// --------------------------------------------

class Json {
 public:
  using List = std::vector<Json>;
  using Object = std::map<std::string, Json>;
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object>;

  Json() = default;
  explicit Json(Value value) : value_(std::move(value)) {}

  // The value of a text; std::runtime_error where it is no JSON.
  static Json parse(const std::string& text);

  bool is_null() const { return holds<std::nullptr_t>(); }
  bool is_text() const { return holds<std::string>(); }
  bool is_list() const { return holds<List>(); }
  bool has(const std::string& name) const { return holds<Object>() && object().count(name) > 0; }

  // The parts of a value; std::bad_variant_access or std::out_of_range where it has none such.
  bool boolean() const { return std::get<bool>(value_); }
  std::int64_t integer() const { return std::get<std::int64_t>(value_); }
  double number() const {
    return holds<std::int64_t>() ? static_cast<double>(integer()) : std::get<double>(value_);
  }
  const std::string& text() const { return std::get<std::string>(value_); }
  const List& list() const { return std::get<List>(value_); }
  const Object& object() const { return std::get<Object>(value_); }
  const Json& operator[](const std::string& name) const { return object().at(name); }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const Json& entry : list()) all.push_back(entry.text());
    return all;
  }

  bool operator==(const Json& other) const { return value_ == other.value_; }

 private:
  template <class Kind>
  bool holds() const {
    return std::holds_alternative<Kind>(value_);
  }

  Value value_ = nullptr;
};

namespace detail {

class JsonReader {
 public:
  explicit JsonReader(const std::string& text) : at_(text.data()), end_(at_ + text.size()) {}

  Json whole() {
    Json value = read(0);
    space();
    if (at_ != end_) fail();
    return value;
  }

 private:
  static constexpr int kDeepest = 900;

  [[noreturn]] static void fail() { throw std::runtime_error("this is no JSON"); }
  void space() {
    while (at_ != end_ && std::strchr(" \t\r\n", *at_) && *at_) ++at_;
  }
  char peek() {
    space();
    return at_ == end_ ? '\0' : *at_;
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail();
  }

  Json word(const char* letters, Json::Value value) {
    const std::size_t length = std::strlen(letters);
    if (static_cast<std::size_t>(end_ - at_) < length || std::strncmp(at_, letters, length)) fail();
    at_ += length;
    return Json(std::move(value));
  }

  Json read(int depth) {
    if (depth > kDeepest) fail();
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return list(depth);
      case '"':
        return Json(text());
      case 't':
        return word("true", true);
      case 'f':
        return word("false", false);
      case 'n':
        return word("null", nullptr);
      default:
        return number();
    }
  }

  Json object(int depth) {
    Json::Object entries;
    expect('{');
    if (take('}')) return Json(std::move(entries));
    do {
      space();
      std::string name = text();
      expect(':');
      entries[std::move(name)] = read(depth + 1);
    } while (take(','));
    expect('}');
    return Json(std::move(entries));
  }

  Json list(int depth) {
    Json::List entries;
    expect('[');
    if (take(']')) return Json(std::move(entries));
    do entries.push_back(read(depth + 1));
    while (take(','));
    expect(']');
    return Json(std::move(entries));
  }

  Json number() {
    const char* start = at_;
    while (at_ != end_ &&
           (std::isdigit(static_cast<unsigned char>(*at_)) || (*at_ && std::strchr("+-.eE", *at_))))
      ++at_;
    const std::string digits(start, at_);
    char* stop = nullptr;
    errno = 0;
    if (digits.find_first_of(".eE") == std::string::npos) {
      const std::int64_t value = std::strtoll(digits.c_str(), &stop, 10);
      if (!digits.empty() && !*stop && errno == 0) return Json(value);
    }
    const double value = std::strtod(digits.c_str(), &stop);
    if (digits.empty() || *stop) fail();
    return Json(value);
  }

  std::string text() {
    std::string letters;
    if (at_ == end_ || *at_++ != '"') fail();
    while (at_ != end_ && *at_ != '"') {
      if (static_cast<unsigned char>(*at_) < 0x20) fail();
      if (*at_ == '\\')
        escape(letters);
      else
        letters += *at_++;
    }
    if (at_ == end_) fail();
    ++at_;
    return letters;
  }

  void escape(std::string& letters) {
    static const char kinds[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (++at_ == end_) fail();
    const char kind = *at_++;
    if (kind == 'u') return unicode(letters);
    const char* place = kind ? std::strchr(kinds, kind) : nullptr;
    if (!place) fail();
    letters += meant[place - kinds];
  }

  std::uint32_t hex() {
    if (end_ - at_ < 4) fail();
    const std::string digits(at_, 4);
    char* stop = nullptr;
    const unsigned long value = std::strtoul(digits.c_str(), &stop, 16);
    if (*stop) fail();
    at_ += 4;
    return static_cast<std::uint32_t>(value);
  }

  // A character as UTF-8, of one \uXXXX or of two that stand for one.
  void unicode(std::string& letters) {
    std::uint32_t code = hex();
    if (code >= 0xD800 && code < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
      at_ += 2;
      code = 0x10000 + ((code - 0xD800) << 10) + (hex() - 0xDC00);
    }
    const auto tail = [&](int shift) {
      letters += static_cast<char>(0x80 | ((code >> shift) & 0x3F));
    };
    if (code < 0x80) {
      letters += static_cast<char>(code);
    } else if (code < 0x800) {
      letters += static_cast<char>(0xC0 | code >> 6);
      tail(0);
    } else if (code < 0x10000) {
      letters += static_cast<char>(0xE0 | code >> 12);
      tail(6);
      tail(0);
    } else {
      letters += static_cast<char>(0xF0 | code >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }

  const char* at_;
  const char* end_;
};

// --- SHA-256 (FIPS 180-4)
// -------------------------------------------------------------------------

inline std::uint32_t rotated(std::uint32_t x, int by) { return x >> by | x << (32 - by); }

inline void sha256_block(std::uint32_t* state, const unsigned char* block) {
  static const std::uint32_t k[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};
  std::uint32_t w[64], v[8];
  for (int i = 0; i < 16; ++i)
    w[i] = static_cast<std::uint32_t>(block[4 * i]) << 24 |
           static_cast<std::uint32_t>(block[4 * i + 1]) << 16 |
           static_cast<std::uint32_t>(block[4 * i + 2]) << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; ++i) {
    const std::uint32_t s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    const std::uint32_t s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  std::copy(state, state + 8, v);
  for (int i = 0; i < 64; ++i) {
    const std::uint32_t s1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25);
    const std::uint32_t first = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
    const std::uint32_t s0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22);
    const std::uint32_t second = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    std::copy_backward(v, v + 7, v + 8);
    v[4] += first;
    v[0] = first + second;
  }
  for (int i = 0; i < 8; ++i) state[i] += v[i];
}

inline std::string sha256(const std::string& data) {
  std::uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const std::size_t whole = data.size() / 64 * 64;
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  for (std::size_t at = 0; at < whole; at += 64) sha256_block(state, bytes + at);
  unsigned char rest[128] = {0};
  const std::size_t left = data.size() - whole, size = left < 56 ? 64 : 128;
  std::copy(bytes + whole, bytes + whole + left, rest);
  rest[left] = 0x80;
  for (int i = 0; i < 8; ++i)
    rest[size - 1 - i] =
        static_cast<unsigned char>(static_cast<std::uint64_t>(data.size()) * 8 >> (8 * i));
  for (std::size_t at = 0; at < size; at += 64) sha256_block(state, rest + at);
  char digits[65];
  for (int i = 0; i < 8; ++i)
    std::snprintf(digits + 8 * i, 9, "%08x", static_cast<unsigned>(state[i]));
  return digits;
}

// --- words
// ----------------------------------------------------------------------------------------

inline std::string joined(const std::vector<std::string>& names, std::size_t most = SIZE_MAX) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i ? ", " : "") + names[i];
  return text;
}

inline std::string plural(std::int64_t count, const std::string& word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

// (2,), (2, 3), as numpy writes shapes.
inline std::string written_shape(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> sizes;
  for (std::int64_t size : shape) sizes.push_back(std::to_string(size));
  return "(" + joined(sizes) + (shape.size() == 1 ? ",)" : ")");
}

inline std::string printed(const char* format, double value, int digits = 6) {
  char text[64];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

// A number with the fewest digits that tell it from all others, as Python writes it.
inline std::string shortest(double value) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  int digits = 1;
  while (digits < 17 && std::strtod(printed("%.*e", value, digits - 1).c_str(), nullptr) != value)
    ++digits;
  const std::string scientific = printed("%.*e", value, digits - 1);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  if (exponent < -4 || exponent >= 16) return scientific;
  const std::string plain = printed("%.*f", value, std::max(digits - 1 - exponent, 0));
  return plain.find('.') == std::string::npos ? plain + ".0" : plain;
}

// A number as a user would write it: `2`, not `2.0`.
inline std::string written(double value) {
  const double pi = 3.14159265358979323846;
  const std::pair<double, const char*> named[] = {
      {pi, "pi"}, {-pi, "-pi"}, {2 * pi, "2*pi"}, {pi / 2, "pi/2"}, {-pi / 2, "-pi/2"}};
  for (auto& [number, name] : named)
    if (number == value) return name;
  const bool is_integer =
      std::isfinite(value) && value == std::trunc(value) && std::abs(value) < 1e15;
  return is_integer ? std::to_string(static_cast<std::int64_t>(value)) : shortest(value);
}

}  // namespace detail

inline Json Json::parse(const std::string& text) { return detail::JsonReader(text).whole(); }

// --- supports
// -------------------------------------------------------------------------------------

// The values that a variable takes: an interval whose ends may belong to it, or angles on a circle.
struct Support {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool closed_low = false, closed_high = false;
  bool circle = false;

  // False for NaN too: its log-density is NaN. Ends are those of the float type.
  template <class T>
  bool excludes(T value) const {
    const T from = static_cast<T>(low), to = static_cast<T>(high);
    return (closed_low ? value < from : value <= from) || (closed_high ? value > to : value >= to);
  }

  // [0, 1), or circle(0, 2*pi).
  std::string text() const {
    const std::string ends = detail::written(low) + ", " + detail::written(high);
    if (circle) return "circle(" + ends + ")";
    return (closed_low ? "[" : "(") + ends + (closed_high ? "]" : ")");
  }

  // What to do with rows outside, `value` being the first.
  std::string advice(double value) const {
    if (std::isinf(value)) {
      return "give numbers that its float type has: of float32 they end at 3.4e38";
    }
    if (!circle) return "declare a wider support";
    const auto term = [](double value) {
      return (value < 0 ? "- " : "+ ") + detail::written(std::abs(value));
    };
    const std::string period = detail::written(high - low);
    const std::string factor = period.find('*') == std::string::npos ? period : "(" + period + ")";
    const std::string angle = low == 0 ? "angle" : "(angle " + term(-low) + ")";
    return "write `" + angle + " % " + factor + (low == 0 ? "" : " " + term(low)) +
           "` in their place";
  }
};

// --- the description of a bundle
// ------------------------------------------------------------------

// What `flow.json` says. `about` is all of it.
struct Description {
  std::vector<std::string> columns;       // names of the coordinates
  std::vector<std::string> context;       // names of the conditioning variables
  std::vector<Support> context_supports;  // the values that each of them takes
  std::vector<std::string> noise;         // kinds of the standard draws, column by column
  std::vector<std::string> latent;        // the distribution of each coordinate in the base
  std::string support;                    // of the points, in words
  std::string dtype;                      // "float32" or "float64"
  std::string target;                     // the engine that the graphs are for
  std::optional<std::int64_t> batch;      // the fixed number of rows, if there is one
  bool scalar = false;                    // points are numbers: x is (N,)
  std::vector<std::string> graphs;
  Json about;

  // Graphs take the context and the point of one row as one vector, `row`.
  bool one_vector() const { return target == "hssm"; }
};

struct Options {
  std::optional<int> threads;        // of one call; left to onnxruntime if not set
  std::int64_t rows_at_once = 4096;  // inputs with more rows are cut
  std::function<void(Ort::SessionOptions&)> configure = {};  // appends a provider, say
};

namespace detail {

using Files = std::map<std::string, std::string>;
using Shape = std::vector<std::int64_t>;  // -1 for a batch that is free

constexpr int kFormat = 3;  // the newest format that is read

inline Error broken(const std::string& directory, const std::string& reason) {
  return Error("broken-bundle", directory + " is not a complete bundle: " + reason,
               "write it again with `flowspec compile`");
}

inline std::string read_file(const std::string& directory, const std::string& name) {
  std::ifstream file(directory.empty() ? name : directory + "/" + name, std::ios::binary);
  errno = file ? 0 : errno;
  std::string data{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) {
    std::string reason = errno ? std::strerror(errno) : "unreadable";
    for (char& letter : reason)
      letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    throw broken(directory, name + ": " + reason);
  }
  return data;
}

// True where the one digest in a `flow.json` is the SHA-256 of it with zeros in its place.
inline bool is_sealed(std::string data) {
  const std::string key = "\"digest\": \"";
  std::vector<std::size_t> places;
  for (std::size_t at = data.find(key); at != std::string::npos; at = data.find(key, at + 1)) {
    const std::size_t digits = at + key.size();
    if (data.find_first_not_of("0123456789abcdef", digits) == digits + 64 &&
        data[digits + 64] == '"')
      places.push_back(digits);
  }
  if (places.size() != 1) return false;
  const std::string digest = data.substr(places[0], 64);
  return digest == sha256(data.replace(places[0], 64, 64, '0'));
}

struct GraphOf {
  std::vector<std::string> inputs, outputs;
};

inline const std::vector<std::pair<std::string, GraphOf>>& every_graph() {
  static const std::vector<std::pair<std::string, GraphOf>> graphs = {
      {"log_prob", {{"x", "context"}, {"log_prob"}}},
      {"from_noise", {{"noise", "context"}, {"x", "log_prob"}}},
      {"sample", {{"seed", "n", "context", "first_row"}, {"x", "log_prob"}}},
      {"to_base", {{"x", "context"}, {"z", "log_prob"}}},
      {"log_prob_grad", {{"x", "context"}, {"log_prob", "x_grad", "context_grad"}}},
      {"from_noise_grad",
       {{"noise", "context", "x_cotangent", "log_prob_cotangent"},
        {"x", "log_prob", "noise_grad", "context_grad"}}}};
  return graphs;
}

inline const GraphOf& graph_of(const std::string& name) {
  for (auto& [graph, values] : every_graph())
    if (graph == name) return values;
  throw std::out_of_range(name);
}

// The graphs that bundles for a target have; all of them for most.
inline bool target_has(const std::string& target, const std::string& graph) {
  if (target == "hssm") return graph == "log_prob";
  if (target == "sofie") return graph == "log_prob" || graph == "from_noise" || graph == "to_base";
  return target != "tract" || graph != "sample";
}

inline Support support_of(const Json& json) {
  Support support;
  const auto end = [&](const char* name, double infinite) {
    return json[name].is_null() ? infinite : json[name].number();
  };
  support.circle = json["kind"].text() == "circle";
  support.low = end("low", support.low);
  support.high = end("high", support.high);
  support.closed_low = support.circle || json["closed"].list().at(0).boolean();
  support.closed_high = support.circle || json["closed"].list().at(1).boolean();
  return support;
}

inline Description described(Json about) {
  Description said;
  said.columns = about["columns"].texts();
  said.context = about["context"].texts();
  said.noise = about["noise"].texts();
  said.support = about["support"].text();
  said.dtype = about["dtype"].text();
  said.scalar = about["scalar"].boolean();
  if (about.has("latent")) said.latent = about["latent"].texts();
  said.target = about.has("target") ? about["target"].text() : "onnxruntime";
  if (!about["batch"].is_null()) said.batch = about["batch"].integer();
  if (!said.context.empty())
    for (const Json& entry : about["flow"]["context"].list())
      said.context_supports.insert(said.context_supports.end(), entry["names"].list().size(),
                                   support_of(entry["support"]));
  for (auto& [name, values] : every_graph())
    if (about["files"].has(name + ".onnx")) said.graphs.push_back(name);
  if (said.columns.empty() || said.noise.empty() ||
      said.context_supports.size() != said.context.size() ||
      (said.dtype != "float32" && said.dtype != "float64") || (said.batch && *said.batch < 1))
    throw std::out_of_range("flow.json");
  said.about = std::move(about);
  return said;
}

inline std::int64_t format_of(const std::string& directory, const Json& about) {
  std::int64_t format = 0;
  try {
    format = about["format"].integer();
  } catch (const std::exception&) {
  }
  if (format < 1)
    throw broken(directory, "flow.json is damaged: `format` is no format that there was");
  if (format <= kFormat) return format;
  throw Error("newer-bundle",
              directory + " was written by a newer FlowSpec: its format is " +
                  std::to_string(format) + ", and this one reads up to " + std::to_string(kFormat),
              "update flowspec.hpp");
}

inline Description read_description(const std::string& directory) {
  const std::string data = read_file(directory, "flow.json");
  Json about;
  try {
    about = Json::parse(data);
    about.object();
  } catch (const std::exception&) {
    throw broken(directory, "flow.json is damaged");
  }
  if (format_of(directory, about) >= 2 && !is_sealed(data))
    throw broken(directory, "flow.json is not the file that was written: its digest does not fit");
  try {
    return described(std::move(about));
  } catch (const std::exception&) {
    throw broken(directory, "flow.json is damaged");
  }
}

// The other files of a bundle, each as it was written; those that a client needs are kept.
inline Files read_files(const std::string& directory, const Description& said) {
  Files files;
  const auto& names = said.about["files"].object();
  for (const char* graph : {"log_prob", "sample", "from_noise"})
    if (target_has(said.target, graph) && !names.count(std::string(graph) + ".onnx"))
      throw broken(directory,
                   "flow.json is damaged: `files` lacks " + std::string(graph) + ".onnx");
  for (auto& [name, hash] : names) {
    const std::string inner = name.rfind("native/", 0) == 0 ? name.substr(7) : name;
    if (inner.empty() || inner.find_first_of("/\\") != std::string::npos)
      throw broken(directory, "flow.json is damaged: `files` names " + name +
                                  ", which is no file of its folder");
    files[name] = read_file(directory, name);
  }
  for (auto& [name, hash] : names)
    if (!hash.is_text() || sha256(files[name]) != hash.text())
      throw broken(directory, name + " is not the file that was written");
  return files;
}

inline bool is_whole_number(const std::string& value) {
  return value == "seed" || value == "n" || value == "first_row";
}

inline bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The shape of one row of an input or output.
inline Shape row_of(std::string value, const Description& said) {
  for (const std::string end : {"_grad", "_cotangent"})
    if (ends_with(value, end)) value.resize(value.size() - end.size());
  if (value == "log_prob" || (said.scalar && (value == "x" || value == "z"))) return {};
  if (value == "z") return {static_cast<std::int64_t>(said.latent.size())};
  const auto& names = value == "x" ? said.columns : value == "noise" ? said.noise : said.context;
  return {static_cast<std::int64_t>(names.size())};
}

inline Shape shape_of(const std::string& value, const Description& said) {
  if (is_whole_number(value)) return {};
  Shape shape = row_of(value, said);
  shape.insert(shape.begin(), said.batch.value_or(-1));
  return shape;
}

inline std::map<std::string, Shape> inputs_of(const std::string& graph, const Description& said) {
  if (said.one_vector())
    return {{"row", {static_cast<std::int64_t>(said.context.size() + said.columns.size())}}};
  std::map<std::string, Shape> inputs;
  const bool counted = !said.context.empty() || said.batch;
  for (const std::string& name : graph_of(graph).inputs)
    if ((name != "context" || !said.context.empty()) && (name != "n" || !counted))
      inputs[name] = shape_of(name, said);
  return inputs;
}

inline std::map<std::string, Shape> outputs_of(const std::string& graph, const Description& said) {
  std::map<std::string, Shape> outputs;
  for (const std::string& name : graph_of(graph).outputs)
    if (name != "context_grad" || !said.context.empty()) outputs[name] = shape_of(name, said);
  return outputs;
}

// --- graphs
// ---------------------------------------------------------------------------------------

inline Ort::Env& environment() {
  static Ort::Env env(ORT_LOGGING_LEVEL_FATAL, "flowspec");
  return env;
}

inline std::string runtime() {
  return "onnxruntime " + std::string(OrtGetApiBase()->GetVersionString());
}

// The name of a kind of failure, as onnxruntime's Python package has it.
inline const char* failure_name(OrtErrorCode code) {
  static const char* const names[] = {
      "Ok",          "Fail",           "InvalidArgument",  "NoSuchFile",
      "NoModel",     "EngineError",    "RuntimeException", "InvalidProtobuf",
      "ModelLoaded", "NotImplemented", "InvalidGraph",     "EPFail"};
  return code < std::size(names) ? names[code] : "Fail";
}

inline bool lacks_memory(const std::string& words) {
  for (const char* sign : {"bad_alloc", "allocate memory", "out of memory", "bad allocation"})
    if (words.find(sign) != std::string::npos) return true;
  return false;
}

template <class T>
constexpr ONNXTensorElementDataType element_type() {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "a bundle is of float or double");
  return std::is_same_v<T, float> ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
                                  : ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
}

inline const char* type_name(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
      return "tensor(float)";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
      return "tensor(double)";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return "tensor(int64)";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
      return "tensor(int32)";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return "tensor(bool)";
    default:
      return "of another type";
  }
}

// An input or output that a graph has; `words` is its shape as Python writes it.
struct Port {
  std::string name;
  ONNXTensorElementDataType type;
  Shape shape;
  std::string words;
};

template <class Info>
std::string shape_in_words(const Info& tensor, const Shape& shape) {
  std::vector<const char*> symbols(shape.size());
  Ort::ThrowOnError(Ort::GetApi().GetSymbolicDimensions(tensor, symbols.data(), symbols.size()));
  std::vector<std::string> sizes;
  for (std::size_t i = 0; i < shape.size(); ++i)
    sizes.push_back(shape[i] >= 0 ? std::to_string(shape[i])
                    : *symbols[i] ? "'" + std::string(symbols[i]) + "'"
                                  : "None");
  return "[" + joined(sizes) + "]";
}

inline std::vector<Port> ports(Ort::Session& session, bool inputs) {
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Port> all;
  const std::size_t count = inputs ? session.GetInputCount() : session.GetOutputCount();
  for (std::size_t i = 0; i < count; ++i) {
    auto name = inputs ? session.GetInputNameAllocated(i, allocator)
                       : session.GetOutputNameAllocated(i, allocator);
    Ort::TypeInfo info = inputs ? session.GetInputTypeInfo(i) : session.GetOutputTypeInfo(i);
    auto tensor = info.GetTensorTypeAndShapeInfo();
    const Shape shape = tensor.GetShape();
    all.push_back({name.get(), tensor.GetElementType(), shape, shape_in_words(tensor, shape)});
  }
  return all;
}

// The reason why inputs or outputs are others than `flow.json` says; "" if they are not.
inline std::string discord(const std::string& kind, const std::vector<Port>& there,
                           const std::map<std::string, Shape>& wanted,
                           ONNXTensorElementDataType type) {
  std::vector<std::string> names;
  for (const Port& port : there) names.push_back(port.name);
  const auto known = [&](const std::string& name) { return wanted.count(name) > 0; };
  if (names.size() != wanted.size() || !std::all_of(names.begin(), names.end(), known))
    return "its " + kind + " are " + joined(names);
  for (const Port& port : there) {
    const auto expected = is_whole_number(port.name) ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 : type;
    if (port.type != expected || port.shape != wanted.at(port.name))
      return "`" + port.name + "` is " + type_name(port.type) + " of shape " + port.words;
  }
  return "";
}

inline bool is_of_flow(Ort::Session& session, const Json& flow) {
  Ort::AllocatorWithDefaultOptions allocator;
  Ort::ModelMetadata metadata = session.GetModelMetadata();
  const auto spec = metadata.LookupCustomMetadataMapAllocated("flowspec.spec", allocator);
  return !spec || Json::parse(spec.get()) == flow;
}

template <class T>
struct Feed {
  Array<T> rows;
  std::optional<std::int64_t> number;  // of a whole number, in place of rows
};

template <class T>
using Feeds = std::map<std::string, Feed<T>>;

template <class T>
using Outputs = std::vector<Array<T>>;

// A graph that is open, and held against `flow.json`.
template <class T>
class Graph {
 public:
  Graph(const std::string& directory, const std::string& name, const Files& files,
        const Description& said, const Options& options)
      : name_(name + ".onnx"), said_(&said), outputs_(graph_of(name).outputs) {
    if (said.context.empty())
      outputs_.erase(std::remove(outputs_.begin(), outputs_.end(), "context_grad"), outputs_.end());
    open(directory, files, options);
    std::string reason =
        discord("inputs", ports(*session_, true), inputs_of(name, said), element_type<T>());
    if (reason.empty())
      reason =
          discord("outputs", ports(*session_, false), outputs_of(name, said), element_type<T>());
    if (reason.empty() && !is_of_flow(*session_, said.about["flow"]))
      reason = "it was made of another flow";
    if (!reason.empty())
      throw broken(directory, name_ + " is not the graph that flow.json describes: " + reason);
  }

  // The shape of one row of each output.
  Shape row(std::size_t output) const { return row_of(outputs_[output], *said_); }
  std::size_t outputs() const { return outputs_.size(); }

  // All outputs for rows that the graph takes at once.
  Outputs<T> run(const Feeds<T>& feeds, std::int64_t rows) {
    Outputs<T> values = said_->one_vector() ? run_vectors(feeds, rows) : run_once(feeds);
    for (std::size_t i = 0; i < values.size(); ++i) {
      Shape wanted = row(i);
      wanted.insert(wanted.begin(), rows);
      if (values[i].shape() != wanted)
        throw failure("it gives `" + outputs_[i] + "` of shape " +
                      written_shape(values[i].shape()) + " for " + std::to_string(rows) + " rows");
    }
    return values;
  }

 private:
  void open(const std::string& directory, const Files& files, const Options& options) {
    const std::string& data = files.at(name_);
    try {
      Ort::SessionOptions session;
      session.SetLogSeverityLevel(4);
      if (options.threads) session.SetIntraOpNumThreads(*options.threads);
      share_weights(session, files);
      if (options.configure) options.configure(session);
      session_ = std::make_shared<Ort::Session>(environment(), data.data(), data.size(), session);
    } catch (const Ort::Exception& error) {
      const char* why = lacks_memory(error.what()) ? " for lack of memory" : "";
      throw broken(directory, runtime() + " cannot open " + name_ + why);
    }
  }

  // Constants that stand in `weights.bin` come from the bytes that were checked.
  static void share_weights(Ort::SessionOptions& session, const Files& files) {
    const auto shared = files.find("weights.bin");
    if (shared == files.end()) return;
    std::vector<std::basic_string<ORTCHAR_T>> names(1);
    names[0].assign(shared->first.begin(), shared->first.end());
    session.AddExternalInitializersFromFilesInMemory(
        names, {const_cast<char*>(shared->second.data())}, {shared->second.size()});
  }

  Outputs<T> run_once(const Feeds<T>& feeds) {
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeCPU);
    std::vector<const char*> in, out;
    std::vector<Ort::Value> values;
    try {
      for (auto& [name, feed] : feeds) {
        in.push_back(name.c_str());
        values.push_back(tensor(memory, feed));
      }
      for (const std::string& name : outputs_) out.push_back(name.c_str());
      auto results = session_->Run(Ort::RunOptions{nullptr}, in.data(), values.data(),
                                   values.size(), out.data(), out.size());
      return copied(results);
    } catch (const Ort::Exception& error) {
      if (lacks_memory(error.what()))
        throw failure("there is not enough memory for it", "give fewer rows at once");
      throw failure(runtime() + " gives up (" + failure_name(error.GetOrtErrorCode()) + ")");
    }
  }

  static Ort::Value tensor(const Ort::MemoryInfo& memory, const Feed<T>& feed) {
    if (feed.number)
      return Ort::Value::CreateTensor<std::int64_t>(
          memory, const_cast<std::int64_t*>(&*feed.number), 1, nullptr, 0);
    const std::vector<T>& values = feed.rows.values();
    const Shape& shape = feed.rows.shape();
    return Ort::Value::CreateTensor<T>(memory, const_cast<T*>(values.data()), values.size(),
                                       shape.data(), shape.size());
  }

  static Outputs<T> copied(std::vector<Ort::Value>& results) {
    Outputs<T> values;
    for (Ort::Value& result : results) {
      const auto info = result.GetTensorTypeAndShapeInfo();
      const Shape shape = info.GetShape();
      const T* data = result.GetTensorData<T>();
      std::vector<T> numbers(data, data + info.GetElementCount());
      values.push_back(shape.size() < 2
                           ? Array<T>(std::move(numbers))
                           : Array<T>(std::move(numbers), static_cast<std::size_t>(shape[1])));
    }
    return values;
  }

  // Row by row, the context and the point of each as one vector.
  Outputs<T> run_vectors(const Feeds<T>& feeds, std::int64_t rows) {
    std::vector<T> densities;
    for (std::int64_t i = 0; i < rows; ++i) {
      std::vector<T> row;
      for (const char* name : {"context", "x"}) {
        const auto feed = feeds.find(name);
        if (feed == feeds.end()) continue;
        const auto start =
            feed->second.rows.begin() + i * static_cast<std::int64_t>(feed->second.rows.columns());
        row.insert(row.end(), start,
                   start + static_cast<std::int64_t>(feed->second.rows.columns()));
      }
      const Outputs<T> one = run_once({{"row", {Array<T>(std::move(row)), std::nullopt}}});
      densities.insert(densities.end(), one[0].begin(), one[0].end());
    }
    return {Array<T>(std::move(densities))};
  }

  Error failure(
      const std::string& reason,
      const std::string& advice =
          "`flowspec verify` checks the bundle; write it again with `flowspec compile`") const {
    return Error("graph-fails", name_ + " cannot be run: " + reason, advice);
  }

  std::string name_;
  const Description* said_;
  std::vector<std::string> outputs_;
  std::shared_ptr<Ort::Session> session_;
};

// --- rows
// -----------------------------------------------------------------------------------------

inline Error wrong_shape(const std::string& name, const Shape& shape, const std::string& needed,
                         const std::string& wanted) {
  return Error("wrong-shape",
               "`" + name + "` has shape " + written_shape(shape) + ", but " + needed,
               "give " + wanted);
}

inline void check_range(const std::string& name, std::int64_t value, std::int64_t low,
                        std::int64_t high = std::numeric_limits<std::int64_t>::max()) {
  if (low <= value && value <= high) return;
  const bool open = high == std::numeric_limits<std::int64_t>::max() && low >= 0;
  const std::string ends =
      "from " + std::to_string(low) + (open ? " on" : " to " + std::to_string(high));
  throw Error("out-of-range",
              "`" + name + "` is " + std::to_string(value) + ", which is out of range",
              "give a number " + ends);
}

// An array (rows, width); one row may be a vector, and so may one column.
template <class T>
Array<T> table_rows(const Array<T>& values, const std::string& name, std::size_t width,
                    const std::vector<std::string>& columns = {}) {
  const bool is_vector = values.shape().size() == 1;
  if (is_vector && (width == 1 || values.rows() == width)) return Array<T>(values.values(), width);
  if (!is_vector && values.columns() == width) return values;
  const std::string listed = columns.empty() ? "" : " (" + joined(columns, 8) + ")";
  const std::string needed = plural(static_cast<std::int64_t>(width), "column") +
                             (width == 1 ? " is" : " are") + " needed" + listed;
  throw wrong_shape(name, values.shape(), needed,
                    "an array of shape (rows, " + std::to_string(width) + ")");
}

// An array (rows,), for a flow of numbers; (rows, 1) is one too.
template <class T>
Array<T> vector_rows(const Array<T>& values, const std::string& name) {
  if (values.shape().size() == 1) return values;
  if (values.columns() == 1) return Array<T>(values.values());
  throw wrong_shape(name, values.shape(), "the flow is a scalar", "a vector of numbers");
}

template <class T>
Array<T> shaped(std::vector<T> values, const Shape& row) {
  return row.empty() ? Array<T>(std::move(values))
                     : Array<T>(std::move(values), static_cast<std::size_t>(row[0]));
}

// Some rows of an array, the last one repeated where there are fewer than a fixed batch.
template <class T>
Array<T> cut(const Array<T>& array, std::int64_t start, std::int64_t rows, std::int64_t wanted) {
  const auto width = static_cast<std::int64_t>(array.columns());
  std::vector<T> values(array.begin() + start * width, array.begin() + (start + rows) * width);
  if (static_cast<std::size_t>(wanted) > values.max_size() / array.columns())
    throw std::bad_alloc();
  values.reserve(static_cast<std::size_t>(wanted * width));
  for (std::int64_t row = rows; row < wanted; ++row)
    for (std::int64_t i = 0; i < width; ++i)
      values.push_back(values[static_cast<std::size_t>((rows - 1) * width + i)]);
  return array.shape().size() < 2 ? Array<T>(std::move(values))
                                  : Array<T>(std::move(values), array.columns());
}

template <class T>
Feed<T> fed(Array<T> rows) {
  return {std::move(rows), std::nullopt};
}

template <class T>
Feed<T> fed_number(std::int64_t number) {
  return {Array<T>(), number};
}

}  // namespace detail

// --- a flow
// ---------------------------------------------------------------------------------------

template <class T>
class Flow;

// Opens a bundle. Its files are checked against the hashes in `flow.json`. The type is that of the
// bundle: `load<double>` for one of float64.
template <class T = float>
Flow<T> load(std::string directory, Options options = {}) {
  return Flow<T>(std::move(directory), std::move(options));
}

template <class T = float>
class Flow {
 public:
  using Rows = Array<T>;
  using Context = std::optional<Array<T>>;  // (N, C), or one row for all; none where there is none

  Flow(std::string directory, Options options) : state_(std::make_shared<State>()) {
    while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
    detail::check_range("rows_at_once", options.rows_at_once, 1);
    if (options.threads) detail::check_range("threads", *options.threads, 0);
    state_->directory = std::move(directory);
    state_->options = std::move(options);
    state_->said = detail::read_description(state_->directory);
    check_type();
    state_->files = detail::read_files(state_->directory, state_->said);
  }

  const Description& description() const { return state_->said; }
  const std::vector<std::string>& columns() const { return description().columns; }
  const std::vector<std::string>& context() const { return description().context; }
  const std::vector<Support>& context_supports() const { return description().context_supports; }
  const std::vector<std::string>& noise() const { return description().noise; }
  const std::vector<std::string>& graphs() const { return description().graphs; }

  // Natural logarithm; -inf outside the support, NaN only where x is NaN. x (N, D) or (N,) -> (N,)
  Rows log_prob(const Rows& x, const Context& context = std::nullopt) const {
    return std::move(of_points("log_prob", x, context)[0]);
  }

  // The points of the base that give x, and the log-densities of x; NaN for rows outside the
  // support.
  Latent<T> to_base(const Rows& x, const Context& context = std::nullopt) const {
    auto outputs = of_points("to_base", x, context);
    return {std::move(outputs[0]), std::move(outputs[1])};
  }

  // The log-densities and their derivatives; 0 for rows outside the support.
  Gradient<T> gradient(const Rows& x, const Context& context = std::nullopt) const {
    auto outputs = of_points("log_prob_grad", x, context);
    return {std::move(outputs[0]), std::move(outputs[1]), last(outputs, 2)};
  }

  // Row i depends on `seed` and `first_row + i` only. A conditional flow draws one row for each row
  // of `context`, or n for one.
  Points<T> sample(std::optional<std::int64_t> n = std::nullopt, std::int64_t seed = 0,
                   const Context& context = std::nullopt, std::int64_t first_row = 0) const {
    try {
      return drawn(n, seed, context, first_row);
    } catch (const std::bad_alloc&) {
      throw Error("graph-fails", "sample.onnx cannot be run: there is not enough memory for it",
                  "give fewer rows at once");
    }
  }

  // Points and their log-densities from standard noise (N, K), of the kinds that `noise()` lists.
  Points<T> from_noise(const Rows& noise, const Context& context = std::nullopt) const {
    const Rows standard = noise_rows(noise);
    auto outputs = run("from_noise",
                       with_context({{"noise", detail::fed(standard)}}, context, standard.rows()),
                       standard.rows());
    return {std::move(outputs[0]), std::move(outputs[1])};
  }

  // Points and log-densities from noise, and the derivatives of
  // sum(x_cotangent x) + sum(log_prob_cotangent log_prob) with respect to noise and context.
  NoiseGradient<T> from_noise_gradient(const Rows& noise, const Rows& x_cotangent,
                                       const Context& log_prob_cotangent = std::nullopt,
                                       const Context& context = std::nullopt) const {
    opened("from_noise_grad");
    const Rows standard = noise_rows(noise);
    const Rows of_x = points(x_cotangent, "x_cotangent");
    const Rows of_log_prob = detail::vector_rows(
        log_prob_cotangent.value_or(Rows(std::vector<T>(standard.rows()))), "log_prob_cotangent");
    check_rows("x_cotangent", of_x, standard.rows());
    check_rows("log_prob_cotangent", of_log_prob, standard.rows());
    detail::Feeds<T> feeds = {{"noise", detail::fed(standard)},
                              {"x_cotangent", detail::fed(of_x)},
                              {"log_prob_cotangent", detail::fed(of_log_prob)}};
    auto outputs = run("from_noise_grad", with_context(std::move(feeds), context, standard.rows()),
                       standard.rows());
    return {std::move(outputs[0]), std::move(outputs[1]), std::move(outputs[2]), last(outputs, 3)};
  }

 private:
  struct State {
    std::string directory;
    Options options;
    Description said;
    detail::Files files;
    std::mutex opening;
    std::map<std::string, std::shared_ptr<detail::Graph<T>>> graphs;
  };

  void check_type() const {
    const std::string own = std::is_same_v<T, float> ? "float32" : "float64";
    if (description().dtype == own) return;
    throw Error(
        "wrong-type",
        state_->directory + " is of " + description().dtype + ", and is opened as one of " + own,
        std::string("open it with `flowspec::load<") + (own == "float32" ? "double" : "float") +
            ">`");
  }

  // A graph, which is opened once.
  std::shared_ptr<detail::Graph<T>> opened(const std::string& name) const {
    const std::lock_guard<std::mutex> lock(state_->opening);
    auto& graph = state_->graphs[name];
    if (!graph) {
      if (!state_->files.count(name + ".onnx")) throw missing(name);
      graph = std::make_shared<detail::Graph<T>>(state_->directory, name, state_->files,
                                                 description(), state_->options);
    }
    return graph;
  }

  Error missing(const std::string& graph) const {
    std::string advice = detail::ends_with(graph, "_grad")
                             ? "`flowspec compile --gradient` writes it"
                             : "compile the flow anew";
    if (!detail::target_has(description().target, graph))
      advice = "graphs for " + description().target + " are without it: choose another target";
    return Error("graph-missing", state_->directory + " has no " + graph + ".onnx", advice);
  }

  Points<T> drawn(std::optional<std::int64_t> n, std::int64_t seed, const Context& context,
                  std::int64_t first_row) const {
    if (!n && !context) n = 1;
    if (n) detail::check_range("n", *n, 0);
    const Context rows_of_context = checked_context(context, n);
    const std::int64_t count = n ? *n : static_cast<std::int64_t>(rows_of_context->rows());
    if (count > 1)
      detail::check_range("first_row", first_row, std::numeric_limits<std::int64_t>::min(),
                          std::numeric_limits<std::int64_t>::max() - (count - 1));
    auto graph = opened("sample");
    auto all = room(*graph, count);
    for (std::int64_t start = 0; start < count; start += piece()) {
      const std::int64_t rows = std::min(piece(), count - start), wanted = batch().value_or(rows);
      detail::Feeds<T> feeds = {{"seed", detail::fed_number<T>(seed)},
                                {"first_row", detail::fed_number<T>(first_row + start)}};
      if (rows_of_context)
        feeds["context"] = detail::fed(detail::cut(*rows_of_context, start, rows, wanted));
      else if (!batch())
        feeds["n"] = detail::fed_number<T>(rows);
      append(all, graph->run(feeds, wanted), rows);
    }
    auto outputs = shaped(*graph, all);
    return {std::move(outputs[0]), std::move(outputs[1])};
  }

  std::optional<std::int64_t> batch() const { return description().batch; }
  std::int64_t piece() const { return batch().value_or(state_->options.rows_at_once); }

  detail::Outputs<T> of_points(const std::string& graph, const Rows& x,
                               const Context& context) const {
    const Rows rows = points(x, "x");
    return run(graph, with_context({{"x", detail::fed(rows)}}, context, rows.rows()), rows.rows());
  }

  // All outputs of a graph, piece by piece: beyond some thousand rows the intermediate results fall
  // out of the caches.
  detail::Outputs<T> run(const std::string& name, const detail::Feeds<T>& feeds,
                         std::size_t rows_of_all) const {
    auto graph = opened(name);
    const auto count = static_cast<std::int64_t>(rows_of_all);
    if (count <= piece() && !batch()) return graph->run(feeds, count);
    auto all = room(*graph, count);
    for (std::int64_t start = 0; start < count; start += piece()) {
      const std::int64_t rows = std::min(piece(), count - start), wanted = batch().value_or(rows);
      detail::Feeds<T> part;
      for (auto& [input, feed] : feeds)
        part[input] = detail::fed(detail::cut(feed.rows, start, rows, wanted));
      append(all, graph->run(part, wanted), rows);
    }
    return shaped(*graph, all);
  }

  using Columns = std::vector<std::vector<T>>;

  // Memory for all rows of each output: where it lacks, no piece is run in vain.
  static Columns room(const detail::Graph<T>& graph, std::int64_t rows) {
    Columns all(graph.outputs());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const detail::Shape row = graph.row(i);
      const std::size_t width = row.empty() ? 1 : static_cast<std::size_t>(row[0]);
      if (static_cast<std::size_t>(rows) > all[i].max_size() / width) throw std::bad_alloc();
      all[i].reserve(static_cast<std::size_t>(rows) * width);
    }
    return all;
  }

  // The first rows of a piece, behind those that are there.
  static void append(Columns& all, const detail::Outputs<T>& piece, std::int64_t rows) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto count = rows * static_cast<std::int64_t>(piece[i].columns());
      all[i].insert(all[i].end(), piece[i].begin(), piece[i].begin() + count);
    }
  }

  static detail::Outputs<T> shaped(const detail::Graph<T>& graph, Columns& all) {
    detail::Outputs<T> outputs;
    for (std::size_t i = 0; i < all.size(); ++i)
      outputs.push_back(detail::shaped(std::move(all[i]), graph.row(i)));
    return outputs;
  }

  static Rows last(detail::Outputs<T>& outputs, std::size_t index) {
    return index < outputs.size() ? std::move(outputs[index]) : Rows();
  }

  Rows points(const Rows& x, const std::string& name) const {
    if (description().scalar) return detail::vector_rows(x, name);
    return detail::table_rows(x, name, columns().size(), columns());
  }

  Rows noise_rows(const Rows& rows) const {
    return detail::table_rows(rows, "noise", noise().size());
  }

  static void check_rows(const std::string& name, const Rows& cotangent, std::size_t rows) {
    if (cotangent.rows() == rows) return;
    throw Error("unlike-rows",
                "`" + name + "` has " + std::to_string(cotangent.rows()) + " rows, and `noise` " +
                    std::to_string(rows),
                "give a row of it for each row of noise");
  }

  detail::Feeds<T> with_context(detail::Feeds<T> feeds, const Context& context,
                                std::size_t rows) const {
    if (auto checked = checked_context(context, static_cast<std::int64_t>(rows)))
      feeds["context"] = detail::fed(std::move(*checked));
    return feeds;
  }

  // The context (rows, C), one row repeated for all; as many rows as there are where none is asked
  // for.
  Context checked_context(const Context& given, std::optional<std::int64_t> rows) const {
    const auto& names = context();
    if (given && names.empty())
      throw Error("no-context", "this flow has no context", "leave `context` out");
    if (names.empty()) return std::nullopt;
    if (!given)
      throw Error("context-missing", "this flow is conditional: it needs " + detail::joined(names),
                  "give `context`, an array of shape (rows, " + std::to_string(names.size()) + ")");
    Rows array = detail::table_rows(*given, "context", names.size());
    const auto found = static_cast<std::int64_t>(array.rows());
    if (rows && found != *rows) {
      if (found != 1)
        throw Error("wrong-context-rows",
                    "`context` has " + detail::plural(found, "row") + ", and " +
                        std::to_string(*rows) + " are needed",
                    "give one row for each, or one for all");
      array = *rows ? detail::cut(array, 0, 1, *rows) : Rows(std::vector<T>(), names.size());
    }
    refuse_outside(array);
    return array;
  }

  // Values that the flow was not declared for are refused by their row. NaN passes.
  void refuse_outside(const Rows& array) const {
    for (std::size_t column = 0; column < context().size(); ++column) {
      const Support& support = context_supports()[column];
      std::size_t first = array.rows(), count = 0;
      for (std::size_t row = 0; row < array.rows(); ++row)
        if (support.excludes(array(row, column)) && ++count == 1) first = row;
      if (count)
        throw Error("context-outside",
                    "context `" + context()[column] + "` is " +
                        detail::printed("%.*g", array(first, column)) + " in row " +
                        std::to_string(first + 1) + ", outside of " + support.text(),
                    "leave such rows out (" + std::to_string(count) + " of " +
                        std::to_string(array.rows()) + "), or " + support.advice(array(first, column)));
    }
  }

  std::shared_ptr<State> state_;
};

}  // namespace flowspec
