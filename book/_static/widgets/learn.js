// A network of a few numbers that learns by NT-Xent on speakers, or by BYOL, step by step, and what its clips are near.
"use strict";
{
  const { random } = sernbWidgets;
  const RATES = { contrastive: 0.25, byol: 0.3 };
  const NOISE = 0.45; // deviation of what tells two views of a clip apart

  // Vectors are arrays [a, b]; a network is {W: 2 x 4, b: [2]}.
  const start = (bias) => ({
    W: [
      [0.5, 0, 1, 0],
      [0, 0.5, 0, 1],
    ],
    b: [bias, 0],
  });
  const forward = (net, x) => net.W.map((row, k) => row.reduce((sum, weight, j) => sum + weight * x[j], net.b[k]));
  const length = (z) => Math.hypot(...z) || 1e-12;
  const unit = (z) => z.map((value) => value / length(z));
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
  // Gradient with respect to z, from the one with respect to z's unit vector.
  const tangent = (gradient, u, z) => gradient.map((value, k) => (value - u[k] * dot(gradient, u)) / length(z));

  // NT-Xent over all pairs of one speaker: loss, gradient of every embedding, and the share of the push on a clip that
  // comes from the nearest clip of another speaker, averaged over clips.
  function ntxent(z, speaker, temperature) {
    const u = z.map(unit),
      count = z.length;
    const pull = Array.from({ length: count }, () => new Float64Array(count));
    let loss = 0,
      pairs = 0,
      nearest = 0;
    for (let i = 0; i < count; i++) {
      const s = u.map((other) => dot(u[i], other) / temperature);
      const top = Math.max(...s);
      const e = s.map((value) => Math.exp(value - top));
      let others = 0,
        largest = 0;
      for (let k = 0; k < count; k++)
        if (speaker[k] !== speaker[i]) {
          others += e[k];
          largest = Math.max(largest, e[k]);
        }
      nearest += largest / others / count;
      let inverse = 0;
      for (let j = 0; j < count; j++) {
        if (j === i || speaker[j] !== speaker[i]) continue;
        const denominator = others + e[j];
        loss += Math.log(denominator) + top - s[j];
        pull[i][j] += e[j] / denominator - 1;
        inverse += 1 / denominator;
        pairs++;
      }
      for (let k = 0; k < count; k++) if (speaker[k] !== speaker[i]) pull[i][k] += e[k] * inverse;
    }
    const gradients = z.map((own, i) => {
      const sum = [0, 0];
      for (let j = 0; j < count; j++) {
        const weight = (pull[i][j] + pull[j][i]) / pairs / temperature;
        sum[0] += weight * u[j][0];
        sum[1] += weight * u[j][1];
      }
      return tangent(sum, u[i], own);
    });
    return { loss: loss / pairs, gradients, nearest };
  }

  // Moves a network against the gradients of its outputs.
  function descend(net, inputs, gradients, rate) {
    inputs.forEach((x, i) =>
      gradients[i].forEach((value, k) => {
        x.forEach((input, j) => (net.W[k][j] -= rate * value * input));
        net.b[k] -= rate * value;
      }),
    );
  }

  function stepContrastive(state, data, temperature) {
    const inputs = state.mixed ? data.mixed : data.single;
    const { loss, gradients } = ntxent(
      inputs.x.map((x) => forward(state.net, x)),
      data.speaker,
      temperature,
    );
    // the gradient grows as the temperature falls; the step makes up for it, so that speeds can be compared
    descend(state.net, inputs.x, gradients, RATES.contrastive * temperature);
    state.net.b = [0, 0]; // here the network has no bias
    state.steps++;
    return loss;
  }

  // One step of BYOL, both views predicting each other's target; without its predictor, outputs are compared directly.
  function stepByol(state, data, { predictor, momentum }) {
    const x = data.mixed.x,
      count = x.length;
    const views = [0, 1].map(() => x.map((clip) => clip.map((value) => value + NOISE * state.random.normal())));
    const targets = views.map((view) => view.map((clip) => unit(forward(state.target, clip))));
    let loss = 0;
    const P = state.predictor,
      toP = [
        [0, 0],
        [0, 0],
      ];
    const toOutput = views.map((view, v) =>
      view.map((clip, i) => {
        const z = forward(state.net, clip);
        const p = predictor ? [dot(P[0], z), dot(P[1], z)] : z;
        const u = unit(p),
          t = targets[1 - v][i];
        loss += (2 - 2 * dot(u, t)) / count;
        const gradient = tangent(
          t.map((value) => (-2 * value) / count),
          u,
          p,
        );
        if (!predictor) return gradient;
        for (const k of [0, 1]) for (const j of [0, 1]) toP[k][j] += gradient[k] * z[j];
        return [gradient[0] * P[0][0] + gradient[1] * P[1][0], gradient[0] * P[0][1] + gradient[1] * P[1][1]];
      }),
    );
    views.forEach((view, v) => descend(state.net, view, toOutput[v], RATES.byol));
    if (predictor) for (const k of [0, 1]) for (const j of [0, 1]) P[k][j] -= RATES.byol * toP[k][j];
    for (const k of [0, 1]) {
      state.target.W[k] = state.target.W[k].map((value, j) => momentum * value + (1 - momentum) * state.net.W[k][j]);
      state.target.b[k] = momentum * state.target.b[k] + (1 - momentum) * state.net.b[k];
    }
    state.steps++;
    return loss;
  }

  // A network at its start, and its target. A bias is what a network can collapse onto: BYOL begins with some of it.
  function begin(mixed, bias) {
    const net = start(bias),
      target = start(bias);
    return {
      mixed,
      net,
      target,
      predictor: [
        [1, 0],
        [0, 1],
      ],
      steps: 0,
      random: random(1),
    };
  }

  // Shares of clips whose nearest clip has the same speaker, the same emotion; and, of other speakers', the same
  // emotion.
  function neighbours(z, speaker, emotion) {
    const u = z.map(unit),
      found = { speaker: 0, emotion: 0, elsewhere: 0 };
    u.forEach((own, i) => {
      let near = -1,
        far = -1;
      u.forEach((other, j) => {
        if (j === i) return;
        if (near < 0 || dot(own, other) > dot(own, u[near])) near = j;
        if (speaker[j] !== speaker[i] && (far < 0 || dot(own, other) > dot(own, u[far]))) far = j;
      });
      found.speaker += (speaker[near] === speaker[i]) / u.length;
      found.emotion += (emotion[near] === emotion[i]) / u.length;
      found.elsewhere += (emotion[far] === emotion[i]) / u.length;
    });
    return found;
  }

  // 1 for directions all over the circle, 0 where all clips point the same way.
  function spread(z) {
    const mean = z.map(unit).reduce((sum, u) => [sum[0] + u[0] / z.length, sum[1] + u[1] / z.length], [0, 0]);
    return Math.max(0, 1 - dot(mean, mean));
  }

  Object.assign(sernbWidgets, {
    pull: { unit, length, forward, ntxent, begin, stepContrastive, stepByol, neighbours, spread },
  });
}
