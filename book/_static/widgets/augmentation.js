// The augmentation gallery: one clip, changed by sliders; heard and seen at once.
"use strict";
{
  const { el, mount, slider, button, readout } = sernbWidgets;
  const { RATE, logMel, changeWave, mix, crop, mask, vowel, decoded } = sernbWidgets.sound;

  // From black over purple and orange to pale yellow, close to matplotlib's magma.
  const MAGMA = [
    [0, 0, 4],
    [28, 16, 68],
    [79, 18, 123],
    [129, 37, 129],
    [181, 54, 122],
    [229, 80, 100],
    [251, 135, 97],
    [254, 194, 135],
    [252, 253, 191],
  ];
  function shade(share) {
    const at = Math.max(0, Math.min(1, share)) * (MAGMA.length - 1),
      low = Math.min(Math.floor(at), MAGMA.length - 2);
    return MAGMA[low].map((value, i) => value + (at - low) * (MAGMA[low + 1][i] - value));
  }

  const PLAIN = { noise: 41, gain: 0, speed: 1, mixup: 0, time: 0, bands: 0, cropTime: 1, cropFrequency: 1 };

  function build(live, data) {
    let clip = vowel(110),
      other = vowel(190),
      context = null,
      source = null;
    const chosen = { ...PLAIN };
    const figures = readout();
    const canvas = (what) =>
      el("canvas", { role: "img", "aria-label": what, style: "height: 9rem; image-rendering: auto" });
    const before = canvas("Log-mel spectrogram of the clip as it is"),
      after = canvas("Log-mel spectrogram of the changed clip");

    function paint(picture, mel, low, high, frames) {
      picture.width = frames;
      picture.height = mel.length;
      const pen = picture.getContext("2d"),
        image = pen.createImageData(frames, mel.length);
      for (let band = 0; band < mel.length; band++)
        for (let frame = 0; frame < frames; frame++) {
          const value = frame < mel[0].length ? mel[band][frame] : low;
          image.data.set([...shade((value - low) / (high - low)), 255], 4 * ((mel.length - 1 - band) * frames + frame));
        }
      pen.putImageData(image, 0, 0);
    }
    const changed = () =>
      changeWave(mix(clip, other, chosen.mixup), { ...chosen, noise: chosen.noise > 40 ? null : chosen.noise });
    let waiting = false;
    function show() {
      if (!waiting) requestAnimationFrame(draw);
      waiting = true;
    }
    function draw() {
      waiting = false;
      const plain = logMel(clip),
        wave = changed();
      const mel = mask(crop(logMel(wave), chosen.cropTime, chosen.cropFrequency), chosen.time, chosen.bands);
      const every = plain.flatMap((row) => [Math.min(...row), Math.max(...row)]),
        low = Math.min(...every),
        high = Math.max(...every);
      const frames = Math.max(plain[0].length, mel[0].length);
      paint(before, plain, low, high, frames);
      paint(after, mel, low, high, frames);
      let difference = 0;
      plain.forEach((row, band) => row.forEach((one, i) => (difference += Math.abs(one - (mel[band][i] ?? low)))));
      figures.say(
        "The changed clip lasts ",
        el("b", { "data-figure": "seconds" }, (wave.length / RATE).toFixed(2)),
        " s. Its log-mel differs from the clip's by ",
        el("b", { "data-figure": "difference" }, ((40 * difference) / (plain.length * plain[0].length)).toFixed(1)),
        " dB, averaged over bands and frames.",
        chosen.time || chosen.bands || chosen.cropTime !== 1 || chosen.cropFrequency !== 1
          ? " Masks and crop change the picture only; they have no sound."
          : "",
      );
    }
    function play(samples) {
      context ??= new AudioContext();
      source?.stop();
      const buffer = context.createBuffer(1, samples.length, RATE);
      buffer.copyToChannel(
        samples.map((one) => Math.max(-1, Math.min(1, one))),
        0,
      );
      source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      source.start();
    }
    const sliders = {};
    const control = (name, label, min, max, step, text) =>
      (sliders[name] = slider({
        label,
        min,
        max,
        step,
        value: PLAIN[name],
        text,
        change: (value) => {
          chosen[name] = value;
          show();
        },
      })).node;
    const factor = (value) => (value === 1 ? "none" : `× ${value.toFixed(2)}`);
    const share = (value) => (value ? `${Math.round(100 * value)} %` : "none");
    live.append(
      el(
        "div",
        { class: "sernb-row" },
        control("noise", "Noise (signal-to-noise ratio)", -5, 41, 1, (value) => (value > 40 ? "none" : `${value} dB`)),
        control("gain", "Gain", -18, 18, 1, (value) => (value ? `${value > 0 ? "+" : ""}${value} dB` : "none")),
        control("speed", "Speed, pitch included", 0.7, 1.4, 0.05, factor),
        control("mixup", "Mixup: the other clip's share of the power", 0, 0.5, 0.05, share),
        control("time", "Time masks, each as a share of the clip", 0, 0.3, 0.02, share),
        control("bands", "Frequency masks, mel bands each", 0, 24, 1, (value) => (value ? String(value) : "none")),
        control("cropTime", "Crop: width of what is kept", 0.5, 1.5, 0.05, factor),
        control("cropFrequency", "Crop: height of what is kept", 0.5, 1.5, 0.05, factor),
      ),
      el(
        "div",
        { class: "sernb-row" },
        button("Hear the clip", () => play(clip)),
        button("Hear it changed", () => play(changed())),
        button("Undo all", () => {
          Object.assign(chosen, PLAIN);
          for (const [name, one] of Object.entries(sliders)) one.value = PLAIN[name];
          show();
        }),
      ),
      el(
        "div",
        { class: "sernb-row" },
        el("div", { class: "sernb-chart" }, el("p", { class: "sernb-readout" }, `As it is: ${data.words}`), before),
        el("div", { class: "sernb-chart" }, el("p", { class: "sernb-readout" }, "Changed"), after),
      ),
      figures.node,
    );
    Promise.all(["clip", "other"].map((name) => (data[name] ? decoded(data[name]) : null))).then(([one, two]) => {
      clip = one ?? clip;
      other = two ?? other;
      show();
    });
  }

  mount("augmentation", build);
}
