#include "nn/snapshot/onnx.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <string_view>

#include "nn/data/array.hpp"
#include "nn/data/file.hpp"

namespace wengert::nn {

namespace {

/// A message of protobuf: fields one after the other, each a key (number, kind) and a value.
class Message {
 public:
  Message& integer(unsigned field, std::uint64_t value) {
    varint(field << 3 | 0);
    varint(value);
    return *this;
  }
  Message& text(unsigned field, std::string_view value) {
    varint(field << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(unsigned field, const Message& value) { return text(field, value.bytes_); }
  Message& real(unsigned field, float value) {
    varint(field << 3 | 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned i = 0; i < 4; ++i) bytes_ += static_cast<char>((bits >> (8 * i)) & 0xFF);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// Field numbers and constants of onnx.proto3. The namespaces are its messages.
namespace model {
enum : unsigned { ir_version = 1, producer_name = 2, graph = 7, opset_import = 8 };
}
namespace opset {
enum : unsigned { version = 2 };
}
namespace graph {
enum : unsigned { node = 1, name = 2, initializer = 5, input = 11, output = 12 };
}
namespace node {
enum : unsigned { input = 1, output = 2, name = 3, op_type = 4, attribute = 5 };
}
namespace attribute {
enum : unsigned { name = 1, f = 2, type = 20 };
inline constexpr std::uint64_t kFloat = 1;
}  // namespace attribute
namespace tensor {
enum : unsigned { dims = 1, data_type = 2, name = 8, raw_data = 9 };
}
namespace value_info {
enum : unsigned { name = 1, type = 2 };
}
namespace type {
enum : unsigned { tensor_type = 1 };
}
namespace tensor_type {
enum : unsigned { elem_type = 1, shape = 2 };
}
namespace shape {
enum : unsigned { dim = 1 };
}
namespace dim {
enum : unsigned { value = 1, param = 2 };
}

/// TensorProto.DataType.
template <class T>
constexpr std::uint64_t kDataType = sizeof(T) == 4 ? 1 : 11;

template <class T>
Message tensor_of(const std::string& name, const Tensor<T>& value) {
  Message out;
  for (const std::int64_t size : value.shape()) out.integer(tensor::dims, static_cast<std::uint64_t>(size));
  out.integer(tensor::data_type, kDataType<T>).text(tensor::name, name);
  return out.text(tensor::raw_data, Array(value).bytes());
}

/// `name` is [batch, columns].
template <class T>
Message batch_of(const std::string& name, std::int64_t columns) {
  Message dims, about, kind;
  dims.message(shape::dim, Message().text(dim::param, "batch"));
  dims.message(shape::dim, Message().integer(dim::value, static_cast<std::uint64_t>(columns)));
  about.integer(tensor_type::elem_type, kDataType<T>).message(tensor_type::shape, dims);
  kind.message(type::tensor_type, about);
  return Message().text(value_info::name, name).message(value_info::type, kind);
}

Message node_of(std::string_view op, std::initializer_list<std::string> inputs, const std::string& output) {
  Message out;
  for (const std::string& input : inputs) out.text(node::input, input);
  out.text(node::output, output).text(node::name, output);
  return out.text(node::op_type, op);
}

template <class T>
Message activation_of(Activation activation, T alpha, const std::string& z, const std::string& a) {
  const auto with_alpha = [&](Message out) {
    Message value;
    value.text(attribute::name, "alpha").real(attribute::f, static_cast<float>(alpha));
    return out.message(node::attribute, value.integer(attribute::type, attribute::kFloat));
  };
  switch (activation) {
    case Activation::identity: return node_of("Identity", {z}, a);
    case Activation::sigmoid: return node_of("Sigmoid", {z}, a);
    case Activation::tanh: return node_of("Tanh", {z}, a);
    case Activation::relu: return node_of("Relu", {z}, a);
    case Activation::leaky_relu: return with_alpha(node_of("LeakyRelu", {z}, a));
    case Activation::elu: return with_alpha(node_of("Elu", {z}, a));
    case Activation::softmax: return node_of("Softmax", {z}, a);  // along the last axis by default
  }
  return node_of("Identity", {z}, a);
}

}  // namespace

template <class T>
std::string onnx_bytes(const Mlp<T>& mlp, Source where) {
  Message net;
  std::string a = "x";
  for (std::size_t l = 0; l < mlp.layers(); ++l) {
    const std::string layer = fmt::format("layers.{}", l), z = fmt::format("z{}", l);
    const std::string next = l + 1 == mlp.layers() ? "y" : fmt::format("a{}", l);
    net.message(graph::node, node_of("Gemm", {a, layer + ".weight", layer + ".bias"}, z));
    net.message(graph::node, activation_of(mlp.activation(l), mlp.alpha(), z, next));
    a = next;
  }
  net.text(graph::name, "mlp");
  for (const Parameter<T>& p : mlp.named_parameters()) {
    net.message(graph::initializer, tensor_of(p.name, value(p.var, where)));
  }
  net.message(graph::input, batch_of<T>("x", mlp.layer(0).W.shape()[0]));
  net.message(graph::output, batch_of<T>("y", mlp.layer(mlp.layers() - 1).W.shape()[1]));
  Message out;
  out.integer(model::ir_version, 8).text(model::producer_name, "wengert").message(model::graph, net);
  return out.message(model::opset_import, Message().integer(opset::version, 13)).bytes();
}

template <class T>
void write_onnx(const std::filesystem::path& path, const Mlp<T>& mlp, Source where) {
  write_file(path, onnx_bytes(mlp, where), where);
}

#define INSTANTIATE(T)                                    \
  template std::string onnx_bytes(const Mlp<T>&, Source); \
  template void write_onnx(const std::filesystem::path&, const Mlp<T>&, Source)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE

}  // namespace wengert::nn
