"""Makes the files of this folder with other people's writers: NumPy 1.24, PyTorch 1.13 (Debian 12's packages)."""
import gzip
import json
import os
import struct

import numpy as np
import torch

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


np.save("npy/f8_2x3.npy", np.array([[1, 2, 3], [4, 5, 6]], "<f8"))
np.save("npy/f8_2x3_fortran.npy", np.asfortranarray(np.array([[1, 3, 5], [2, 4, 6]], "<f8")))
np.save("npy/f4_big_endian.npy", np.array([0.5, -1.25, 3e38], ">f4"))
np.save("npy/i8_rank0.npy", np.array(-7, "<i8"))
np.save("npy/bool_empty.npy", np.zeros((0, 3), bool))
np.save("npy/u2_fortran_2x3x4.npy", np.asfortranarray(np.arange(24, dtype="<u2").reshape(2, 3, 4)))
np.save("npy/object.npy", np.array([None]))  # refused
np.savez("npz/stored.npz", x=np.array([[1, 2, 3], [4, 5, 6]], "<f8"), labels=np.array([2, 0], "<i8"))
np.savez_compressed("npz/deflated.npz", x=np.tile(np.arange(8, dtype="<f4"), (8, 1)), one=np.float64(0.1))


def idx(code, a, dtype):
    dims = b"".join(struct.pack(">I", n) for n in a.shape)
    return bytes([0, 0, code, a.ndim]) + dims + a.astype(dtype).tobytes()


pictures = idx(0x08, np.arange(8).reshape(2, 2, 2), "u1")
write("idx/u8_2x2x2.idx", pictures)
write("idx/i16.idx", idx(0x0B, np.array([-2, 258, 32767]), ">i2"))
write("idx/f64_1x2.idx", idx(0x0E, np.array([[0.1, -1e300]]), ">f8"))
write("idx/u8_2x2x2.idx.gz", gzip.compress(pictures, mtime=0))

write("csv/quoted.csv", b'"a ""b""",c\r\n1,"2"\r\n\r\n+3, 4e-1 \r\r\n"-inf",nan')
write("csv/semicolon.csv", b"\xef\xbb\xbf1;2\n3;NA\n")


def safetensors(tensors, metadata=None):
    """The format written out by hand: Debian has no package of it."""
    header, data = ({} if metadata is None else {"__metadata__": metadata}), b""
    for name, (dtype, array) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


write("safetensors/mixed.safetensors", safetensors({
    "a": ("F32", np.array([[1.5, -2]], "<f4")), "b": ("I64", np.array(-7, "<i8")),
    "c": ("F64", np.zeros((0, 3))), "d": ("U8", np.array([255], "u1"))}, {"made by": "hand"}))
write("safetensors/rank0.safetensors", safetensors({"x": ("F32", np.array(1.5, "<f4"))}, {}))
write("safetensors/metadata_only.safetensors", safetensors({}, {"a": "b"}))

# A network of PyTorch: nn.Linear keeps its weight as [out, in]; names are those of nn.Sequential.
torch.manual_seed(453)
net = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3), torch.nn.Softmax(dim=-1))
x = torch.randn(7, 4, dtype=torch.float32)
y32 = net(x).detach().numpy()
y64 = net.double()(x.double()).detach().numpy()
weights = {name: ("F32", value.float().numpy()) for name, value in net.state_dict().items()}
write("torch/mlp_4_5_3.safetensors", safetensors(weights, {"format": "pt"}))
write("torch/mlp_4_5_3_predictions.safetensors",
      safetensors({"y64": ("F64", y64), "x": ("F32", x.numpy()), "y32": ("F32", y32)}))
