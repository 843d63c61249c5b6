"""Speech from a log-mel spectrogram, to hear what an augmentation of the spectrogram does."""

import torch
from torchaudio.transforms import GriffinLim, InverseMelScale

from sernb.speech.audio import HOP, SAMPLE_RATE, WINDOW


def reconstruct(log_mel: torch.Tensor, iterations: int = 32, seed: int = 0) -> torch.Tensor:
    """Waveforms whose log-mels are about the given ones.

    A log-mel has lost the phase and much of the spectrum's detail. Least squares give back a spectrum, Griffin-Lim a
    phase that agrees with it (Griffin and Lim 1984; Perraudin et al. 2013). It sounds hollow, augmented or not:
    compare like with like.

    Args:
        log_mel: Whisper's scale, (log10 power + 4) / 4, shape (batch, bins, frames).
        iterations: of Griffin-Lim.
        seed: of the phases it starts from.

    Returns:
        Shape (batch, frames * 160), 16 kHz, within -1 and 1.
    """
    power = 10 ** (4 * log_mel.float() - 4)
    # below 1 kHz the mel bands lie closer than the spectrum's: only this solver copes with a matrix short of rank
    spectrum = InverseMelScale(
        WINDOW // 2 + 1,
        log_mel.shape[1],
        SAMPLE_RATE,
        f_max=SAMPLE_RATE / 2,
        norm="slaney",
        mel_scale="slaney",
        driver="gelsd",
    )
    waveform = GriffinLim(WINDOW, iterations, hop_length=HOP, power=2.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # the last hop has no frame of its own: LogMel drops it
        return torch.nn.functional.pad(waveform(spectrum(power)), (0, HOP)).clamp(-1, 1)
