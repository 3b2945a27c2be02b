"""Networks that several methods share."""

from .bounded import bounded
from .channel_attention import ModulatedTransformerBlock
from .converted import Converted
from .described import Described
from .discriminator import Discriminator
from .ema import EMA
from .embedding import NumberEmbedding
from .local_transformer import LocalTransformerBlock
from .named import Name, NetworkPrior, located, named
from .ncsnpp import NCSNpp
from .precision import fast_bfloat16
from .preconditioned import Preconditioned
from .song import SongUNet
from .unet import ResidualBlock, UNet, pad, shuffle, unshuffle

__all__ = ["EMA", "Converted", "Described", "Discriminator", "LocalTransformerBlock", "ModulatedTransformerBlock", "NCSNpp", "Name",
           "NetworkPrior", "NumberEmbedding", "Preconditioned", "ResidualBlock", "SongUNet", "UNet", "bounded", "fast_bfloat16", "located",
           "named", "pad", "shuffle", "unshuffle"]  # fmt: skip
