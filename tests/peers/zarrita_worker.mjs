// The far side of zarrita: the same protocol as worker.py, under Node.
//
// `node zarrita_worker.mjs FOLDER` takes the packages from FOLDER/node_modules.

import * as fs from "node:fs";
import * as path from "node:path";
import * as readline from "node:readline";
import { pathToFileURL } from "node:url";

const packages = path.join(process.argv[2], "node_modules");
const manifest = (name) =>
  JSON.parse(fs.readFileSync(path.join(packages, name, "package.json"), "utf8"));

/** Import a part of a package by the path that its manifest gives. */
function load(name, part = ".") {
  const file = manifest(name).exports[part].import;
  return import(pathToFileURL(path.join(packages, name, file)));
}

const zarr = await load("zarrita");
const { default: FileSystemStore } = await load("@zarrita/storage", "./fs");

/** The typed arrays of NumPy's kinds; texts and bytes are read one by one. */
const ARRAYS = {
  b1: Uint8Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array,
  i4: Int32Array, u4: Uint32Array, i8: BigInt64Array, u8: BigUint64Array,
  f2: Uint16Array, f4: Float32Array, f8: Float64Array,
};
/** NumPy's kinds by the names of v3. */
const KINDS = {
  bool: "b1", int8: "i1", uint8: "u1", int16: "i2", uint16: "u2", int32: "i4", uint32: "u4",
  int64: "i8", uint64: "u8", float16: "f2", float32: "f4", float64: "f8", string: "O",
};

/** Read a .npy file: kind, item size, shape, and the bytes of its elements. */
function loadValues(file) {
  const raw = fs.readFileSync(file);
  const wide = raw[6] > 1;
  const size = wide ? raw.readUInt32LE(8) : raw.readUInt16LE(8);
  const start = (wide ? 12 : 10) + size;
  const header = raw.subarray(wide ? 12 : 10, start).toString();
  const fortran = /'fortran_order': True/.test(header);
  if (fortran) throw new Error("a file in Fortran order");
  const descr = /'descr': '[<>|=]?(\w\d*)(\[[^\]]*\])?'/.exec(header);
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(",").filter((n) => n.trim());
  const count = shape.reduce((all, n) => all * Number(n), 1);
  const kind = descr ? descr[1] : "V";
  const bytes = new Uint8Array(raw.subarray(start));
  return { kind, shape: shape.map(Number), count, bytes };
}

/** Texts of an array of NumPy's U or S elements. */
function textsOf({ kind, count, bytes }) {
  const length = bytes.length / count;
  const texts = [];
  for (let i = 0; i < count; i++) {
    const one = bytes.slice(i * length, (i + 1) * length);
    if (kind[0] === "U") {
      texts.push(String.fromCodePoint(...new Uint32Array(one.buffer)).replace(/\0+$/, ""));
    } else {
      texts.push(Buffer.from(one).toString("utf8").replace(/\0+$/, ""));
    }
  }
  return texts;
}

/** Where the elements of a chunk lie, in C order of its shape. */
function* places(shape, stride) {
  const count = shape.reduce((all, n) => all * n, 1);
  const index = shape.map(() => 0);
  for (let n = 0; n < count; n++) {
    yield index.reduce((at, i, axis) => at + i * stride[axis], 0);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) {
      index[axis] = 0;
    }
  }
}

/** Whole elements as bytes, in C order. */
function bytesOf(chunk, size) {
  const { data } = chunk;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const found = new Uint8Array(data.length * size);
  let n = 0;
  for (const at of places(chunk.shape, chunk.stride)) {
    found.set(raw.subarray(at * size, (at + 1) * size), n);
    n += size;
  }
  return found;
}

/** Say how what was read differs from what was written; empty when it does not. */
function difference(array, found, wanted) {
  const chunk = found?.shape ? found : { data: [found], shape: [], stride: [] };
  if (JSON.stringify(chunk.shape) !== JSON.stringify(wanted.shape)) {
    return `shape ${chunk.shape} instead of ${wanted.shape}`;
  }
  let mine, theirs;
  if (/^[US]/.test(wanted.kind)) {
    if (!/^(string|v2:.*)$/.test(array.dtype)) return `data type ${array.dtype}`;
    theirs = textsOf(wanted);
    const get = chunk.data.get ? (at) => chunk.data.get(at) : (at) => chunk.data[at];
    mine = [...places(chunk.shape, chunk.stride)].map((at) => get(at).replace(/\0+$/, ""));
  } else {
    const kind = KINDS[array.dtype];
    if (kind !== wanted.kind) return `data type ${array.dtype} instead of ${wanted.kind}`;
    const size = Number(kind.slice(1));
    if (!chunk.shape.length && !chunk.data.buffer) {
      chunk.data = ARRAYS[kind].from([chunk.data[0]]);
    }
    mine = bytesOf(chunk, size);
    theirs = wanted.bytes;
    if (size > 1) [mine, theirs] = [words(mine, size), words(theirs, size)];
  }
  const places_ = theirs.reduce((all, one, i) => (one === mine[i] ? all : [...all, i]), []);
  if (!places_.length) return "";
  return `${places_.length} of ${wanted.count} elements differ, the first at ${places_[0]}`;
}

/** Elements as integers, so that every bit counts. */
function words(bytes, size) {
  const whole = bytes.slice();
  return Array.from(new ARRAYS[`u${size}`](whole.buffer));
}

const verbs = {
  async versions() {
    const versions = { node: process.version.slice(1), zarrita: manifest("zarrita").version };
    return { versions };
  },

  async read(job) {
    const store = new FileSystemStore(job.path);
    const array = await zarr.open(zarr.root(store), { kind: "array" });
    const found = await zarr.get(array);
    const reason = difference(array, found, loadValues(job.values));
    if (reason) throw Object.assign(new Error(reason), { name: "Different" });
    return {};
  },

  async write(job) {
    const { document } = job;
    if (document.zarr_format !== 3) throw new Error("no way to write the v2 format");
    if (document.chunk_grid.name !== "regular") throw new Error("no way to write this grid");
    if (document.chunk_key_encoding.name !== "default") throw new Error("no way to write these keys");
    if (!(document.data_type in KINDS)) throw new Error("no way to write this data type");
    const store = new FileSystemStore(job.path);
    const array = await zarr.create(zarr.root(store), {
      shape: document.shape,
      dtype: document.data_type,
      chunkShape: document.chunk_grid.configuration.chunk_shape,
      chunkSeparator: document.chunk_key_encoding.configuration.separator,
      codecs: document.codecs,
      fillValue: document.fill_value,
      dimensionNames: document.dimension_names,
      attributes: document.attributes,
    });
    const values = loadValues(job.values);
    const shape = values.shape;
    const stride = shape.map((_, axis) => shape.slice(axis + 1).reduce((all, n) => all * n, 1));
    await zarr.set(array, null, { data: dataOf(array, values), shape, stride });
    return {};
  },
};

/** The elements as the library takes them. */
function dataOf(array, values) {
  if (/^[US]/.test(values.kind)) return textsOf(values);
  if (array.dtype === "bool") return new zarr.BoolArray(values.bytes.slice().buffer);
  if (array.dtype === "float16") throw new Error("no array of float16 in this Node");
  return new ARRAYS[values.kind](values.bytes.slice().buffer);
}

/** The message of an error and of what caused it. */
function words_of(error) {
  const cause = error.cause ? `: ${words_of(error.cause)}` : "";
  return `${error.name ?? "Error"}: ${error.message ?? error}${cause}`.replace(/\s+/g, " ");
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  for (const job of request.jobs ?? [{}]) {
    let answer;
    try {
      answer = { ok: true, ...(await verbs[request.op](job)) };
    } catch (error) {
      answer = { ok: false, error: words_of(error).slice(0, 500) };
    }
    fs.writeSync(1, `${JSON.stringify(answer)}\n`);
  }
}
