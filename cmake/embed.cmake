# Writes a .cpp in which a file of text is what a function returns.
#
#   cmake -DFILE=<text> -DFUNCTION=<name> -DHEADER=<that declares it> -DOUTPUT=<.cpp> -P embed.cmake

cmake_minimum_required(VERSION 3.25)

file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace skein::api {

std::string_view ${FUNCTION}() {
  static constexpr char bytes[] = {${bytes}};
  return {bytes, sizeof bytes};
}

}  // namespace skein::api
")
