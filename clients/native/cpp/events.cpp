// A detector simulation that asks for one event at a time, as Geant4's generators do: event i is row i
// of the stream of the run's seed, so that it is the same on whatever thread, in whatever order.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "flow.h"

struct Particle {
  float values[FLOW_COLUMNS];
  float log_prob;
};

/** What a G4VUserPrimaryGeneratorAction would hold. */
class Generator {
 public:
  explicit Generator(std::int64_t seed) : seed_(seed) {}

  Particle generate(std::int64_t event, const float *context) const {
    Particle particle;
    flow_sample(seed_, event, context, particle.values, &particle.log_prob, 1);
    return particle;
  }

 private:
  std::int64_t seed_;
};

static std::vector<Particle> run(int threads, std::int64_t events) {
  const Generator generator(20240229);
  std::vector<Particle> particles(events);
  std::atomic<std::int64_t> next{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; i++) {
    workers.emplace_back([&] {
      for (std::int64_t event = next++; event < events; event = next++) {
        float context[FLOW_CONTEXT + 1] = {};  // what is known of the event, such as its energy
        for (int j = 0; j < FLOW_CONTEXT; j++) context[j] = 0.5f + 0.001f * static_cast<float>(event % 100);
        particles[event] = generator.generate(event, context);
      }
    });
  }
  for (auto &worker : workers) worker.join();
  return particles;
}

int main() {
  const auto one = run(1, 10000), four = run(4, 10000);
  const bool same = std::memcmp(one.data(), four.data(), one.size() * sizeof(Particle)) == 0;
  std::puts(same ? "ok" : "differs");
  return !same;
}
