/// A directory of its own for a test, and the settings read as if skeind were started in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/invocation.hpp"

namespace skein::config {

class sandbox {
 public:
  sandbox() {
    auto name = (std::filesystem::temp_directory_path() / "skein-config-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory " + name);
    directory_ = name;
  }
  ~sandbox() { std::filesystem::remove_all(directory_); }
  sandbox(const sandbox&) = delete;
  sandbox& operator=(const sandbox&) = delete;

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream{path(name)} << content;
    return path(name);
  }

  invocation start(const std::vector<std::string>& flags, const environment& variables = {}) const {
    std::vector<const char*> argv{"skeind"};
    for (const auto& flag : flags) argv.push_back(flag.c_str());
    return read(static_cast<int>(argv.size()), argv.data(), variables, directory_);
  }

  /// The error of a start that must fail, with this directory's path taken out.
  std::string refusal(const std::vector<std::string>& flags,
                      const environment& variables = {}) const {
    try {
      start(flags, variables);
    } catch (const error& refused) {
      std::string text = refused.what();
      const auto prefix = directory_.string() + "/";
      for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
        text.erase(at, prefix.size());
      return text;
    }
    return "not refused";
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace skein::config
