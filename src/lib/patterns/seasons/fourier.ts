/**
 * The discrete Fourier transform in place (Cooley and Tukey 1965, radix 2): `real` and `imaginary` of the same length, a
 * power of two.
 */
export function fourierTransform(real: Float64Array, imaginary: Float64Array): void {
  const {length} = real;
  for (let index = 1, mirror = 0; index < length; index += 1) {
    let bit = length >> 1;
    for (; mirror & bit; bit >>= 1) mirror ^= bit;
    mirror ^= bit;
    if (index < mirror) {
      swap(real, index, mirror);
      swap(imaginary, index, mirror);
    }
  }
  for (let size = 2; size <= length; size *= 2) {
    const half = size / 2;
    for (let offset = 0; offset < half; offset += 1) {
      const angle = (-2 * Math.PI * offset) / size;
      const [turnReal, turnImaginary] = [Math.cos(angle), Math.sin(angle)];
      for (let low = offset; low < length; low += size) {
        const high = low + half;
        const [a, b] = [real[high] ?? 0, imaginary[high] ?? 0];
        const [turnedReal, turnedImaginary] = [
          a * turnReal - b * turnImaginary,
          a * turnImaginary + b * turnReal,
        ];
        const [c, d] = [real[low] ?? 0, imaginary[low] ?? 0];
        real[high] = c - turnedReal;
        imaginary[high] = d - turnedImaginary;
        real[low] = c + turnedReal;
        imaginary[low] = d + turnedImaginary;
      }
    }
  }
}

function swap(values: Float64Array, left: number, right: number): void {
  const value = values[left] ?? 0;
  values[left] = values[right] ?? 0;
  values[right] = value;
}

/** |Fourier transform|^2 of values padded with zeros to `length`, a power of two. */
export function powerSpectrum(values: Float64Array, length: number): Float64Array {
  const real = new Float64Array(length);
  real.set(values);
  const imaginary = new Float64Array(length);
  fourierTransform(real, imaginary);
  return real.map((value, index) => value * value + (imaginary[index] ?? 0) ** 2);
}

/** Autocovariance by lag, not divided by anything, from a power spectrum that was padded to twice the series. */
export function fromPower(power: Float64Array): Float64Array {
  const real = Float64Array.from(power);
  fourierTransform(real, new Float64Array(power.length));
  return real.map((value) => value / power.length);
}
