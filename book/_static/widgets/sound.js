// A clip as Whisper hears it, and the augmentations of it; as sernb.speech computes them.
"use strict";
{
  const { random, bytes } = sernbWidgets;
  const RATE = 16000,
    WINDOW = 400,
    HOP = 160,
    BINS = 80;

  // Slaney's mel scale: linear up to 1 kHz, logarithmic above.
  const toMel = (hertz) => (hertz < 1000 ? (3 * hertz) / 200 : 15 + (27 * Math.log(hertz / 1000)) / Math.log(6.4));
  const toHertz = (mel) => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp((Math.log(6.4) * (mel - 15)) / 27));

  // Triangles of equal area: for every band its first frequency bin and the weights from there on.
  const FILTERS = (() => {
    const edges = Array.from({ length: BINS + 2 }, (_, i) => toHertz((toMel(RATE / 2) * i) / (BINS + 1)));
    return Array.from({ length: BINS }, (_, band) => {
      const [low, centre, high] = edges.slice(band, band + 3);
      const weights = Array.from({ length: WINDOW / 2 + 1 }, (_, bin) => {
        const hertz = (bin * RATE) / WINDOW;
        return (
          (Math.max(0, Math.min((hertz - low) / (centre - low), (high - hertz) / (high - centre))) * 2) / (high - low)
        );
      });
      const first = Math.max(
        0,
        weights.findIndex((weight) => weight > 0),
      );
      return { first, weights: weights.slice(first).filter((weight) => weight > 0) };
    });
  })();
  const HANN = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));

  // Discrete Fourier transform of any length, by its smallest factor; changes nothing it is given.
  function fourier(real, imaginary) {
    const size = real.length;
    if (size === 1) return [real, imaginary];
    let parts = 2;
    while (size % parts) parts++;
    const length = size / parts,
      outR = new Float64Array(size),
      outI = new Float64Array(size);
    const pieces = Array.from({ length: parts }, (_, part) => {
      const r = new Float64Array(length),
        i = new Float64Array(length);
      for (let at = 0; at < length; at++) {
        r[at] = real[at * parts + part];
        i[at] = imaginary[at * parts + part];
      }
      return fourier(r, i);
    });
    const { cosine, sine } = turns(size);
    for (let k = 0; k < size; k++)
      for (let part = 0; part < parts; part++) {
        const at = (part * k) % size,
          c = cosine[at],
          s = sine[at],
          r = pieces[part][0][k % length],
          i = pieces[part][1][k % length];
        outR[k] += r * c + i * s;
        outI[k] += i * c - r * s;
      }
    return [outR, outI];
  }
  const known = new Map();
  function turns(size) {
    if (!known.has(size))
      known.set(size, {
        cosine: Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size)),
        sine: Float64Array.from({ length: size }, (_, i) => Math.sin((2 * Math.PI * i) / size)),
      });
    return known.get(size);
  }

  // Whisper's log-mel: 25 ms windows every 10 ms, 80 bands, floored 80 dB under its maximum. Bands of frames.
  function logMel(samples) {
    const frames = Math.floor(samples.length / HOP),
      half = WINDOW / 2,
      found = Array.from({ length: BINS }, () => new Float64Array(frames));
    const mirrored = (at) => samples[at < 0 ? -at : at >= samples.length ? 2 * samples.length - 2 - at : at];
    // two real frames in one complex transform
    for (let frame = 0; frame < frames; frame += 2) {
      const a = new Float64Array(WINDOW),
        b = new Float64Array(WINDOW);
      for (let i = 0; i < WINDOW; i++) {
        a[i] = HANN[i] * mirrored(frame * HOP - half + i);
        b[i] = frame + 1 < frames ? HANN[i] * mirrored((frame + 1) * HOP - half + i) : 0;
      }
      const [r, m] = fourier(a, b);
      const one = new Float64Array(half + 1),
        two = new Float64Array(half + 1);
      for (let k = 0; k <= half; k++) {
        const other = (WINDOW - k) % WINDOW;
        one[k] = ((r[k] + r[other]) ** 2 + (m[k] - m[other]) ** 2) / 4;
        two[k] = ((m[k] + m[other]) ** 2 + (r[k] - r[other]) ** 2) / 4;
      }
      FILTERS.forEach(({ first, weights }, band) => {
        let x = 0,
          y = 0;
        weights.forEach((weight, i) => {
          x += weight * one[first + i];
          y += weight * two[first + i];
        });
        found[band][frame] = Math.log10(Math.max(x, 1e-10));
        if (frame + 1 < frames) found[band][frame + 1] = Math.log10(Math.max(y, 1e-10));
      });
    }
    const top = Math.max(...found.map((row) => row.reduce((most, one) => Math.max(most, one), -Infinity)));
    for (const row of found) for (let i = 0; i < frames; i++) row[i] = (Math.max(row[i], top - 8) + 4) / 4;
    return found;
  }

  // Speed, gain and noise, in the order of sernb.speech.augment: pitch and tempo move together.
  function changeWave(samples, { speed, gain, noise }) {
    let found = samples;
    if (speed !== 1) {
      found = Float32Array.from({ length: Math.round(samples.length / speed) }, (_, i) => {
        const at = i * speed,
          low = Math.floor(at);
        return (
          samples[Math.min(low, samples.length - 1)] * (1 - at + low) +
          samples[Math.min(low + 1, samples.length - 1)] * (at - low)
        );
      });
    }
    const times = 10 ** (gain / 20);
    if (gain) found = found.map((one) => one * times);
    if (noise !== null) {
      const power = found.reduce((sum, one) => sum + one * one, 0) / found.length,
        deviation = Math.sqrt(power / 10 ** (noise / 10));
      const generator = random(1);
      found = found.map((one) => one + deviation * generator.normal());
    }
    return found;
  }

  // Mixup of power, of the waveforms here, so that it can be heard: two clips that have nothing to do with each other
  // add up in power.
  function mix(samples, other, share) {
    if (!share) return samples;
    return samples.map((one, i) => Math.sqrt(1 - share) * one + Math.sqrt(share) * (other[i] ?? 0));
  }

  // Cut a middle part of the spectrogram and stretch it to the whole, in time and frequency; scale 1 changes nothing.
  function crop(mel, time, frequency) {
    const frames = mel[0].length,
      floor = Math.min(...mel.map((row) => row.reduce((least, one) => Math.min(least, one), Infinity)));
    const at = (position, size, scale) => (size - 1) / 2 + (position - (size - 1) / 2) * scale;
    return mel.map((_, band) =>
      Float64Array.from({ length: frames }, (_, frame) => {
        const y = at(band, mel.length, frequency),
          x = at(frame, frames, time);
        if (y < -0.5 || x < -0.5 || y > mel.length - 0.5 || x > frames - 0.5) return floor;
        const clip = (value, size) => Math.max(0, Math.min(size - 1, value));
        const y0 = clip(Math.floor(y), mel.length),
          x0 = clip(Math.floor(x), frames),
          y1 = clip(y0 + 1, mel.length),
          x1 = clip(x0 + 1, frames);
        const v = clip(y - y0, 2),
          u = clip(x - x0, 2);
        return (mel[y0][x0] * (1 - u) + mel[y0][x1] * u) * (1 - v) + (mel[y1][x0] * (1 - u) + mel[y1][x1] * u) * v;
      }),
    );
  }

  // SpecAugment with places that stay where they are while their width changes; filled with the mean.
  function mask(mel, timeShare, bands) {
    const frames = mel[0].length,
      fill = mel.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0) / (mel.length * frames);
    const hides = (position, size, width) =>
      [0.3, 0.7].some((centre) => Math.abs(position + 0.5 - centre * size) < width / 2);
    return mel.map((row, band) =>
      row.map((one, frame) =>
        hides(frame, frames, timeShare * frames) || hides(band, mel.length, bands) ? fill : one,
      ),
    );
  }

  // A vowel, where no clip is given: harmonics of a falling pitch under three formants; as sernb.figures.widgets.
  function vowel(pitch, seconds = 1.2) {
    const size = Math.round(seconds * RATE),
      found = new Float32Array(size);
    let phase = 0,
      top = 0;
    const levels = Array.from({ length: 30 }, (_, i) =>
      [
        [730, 1],
        [1090, 0.6],
        [2440, 0.2],
      ].reduce((sum, [centre, gain]) => sum + gain / (1 + (((i + 1) * pitch - centre) / 90) ** 2), 0),
    );
    for (let at = 0; at < size; at++) {
      phase += (2 * Math.PI * pitch * (1.15 - (0.3 * at) / size)) / RATE;
      found[at] =
        levels.reduce((sum, level, i) => sum + level * Math.sin((i + 1) * phase), 0) *
        Math.sqrt(Math.sin((Math.PI * at) / size));
      top = Math.max(top, Math.abs(found[at]));
    }
    return found.map((one) => (0.3 * one) / top);
  }

  async function decoded(base64) {
    const context = new OfflineAudioContext(1, 1, RATE);
    return (await context.decodeAudioData(bytes(base64).buffer)).getChannelData(0);
  }

  Object.assign(sernbWidgets, { sound: { RATE, logMel, changeWave, mix, crop, mask, vowel, decoded } });
}
