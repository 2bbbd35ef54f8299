"""Files and media for `Op.log`. In the training process they are taken as raw bytes; the uploader makes files of them."""

from pluto.core.media.artifact import Artifact
from pluto.core.media.audio import Audio
from pluto.core.media.base import File
from pluto.core.media.image import Image
from pluto.core.media.text import Text
from pluto.core.media.video import Video

__all__ = ["Artifact", "Audio", "File", "Image", "Text", "Video"]
