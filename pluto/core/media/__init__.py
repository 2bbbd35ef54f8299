"""Files and media for `Op.log`: taken as raw bytes in the training process, made files of by the uploader."""

from pluto.core.media.artifact import Artifact
from pluto.core.media.audio import Audio
from pluto.core.media.base import File
from pluto.core.media.image import Image
from pluto.core.media.text import Text
from pluto.core.media.video import Video

__all__ = ["Artifact", "Audio", "File", "Image", "Text", "Video"]
