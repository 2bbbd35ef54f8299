"""5: as_image."""

File.as_image(np.zeros((2, 2))).extension
File.as_image(np.zeros((2, 2, 1))).extension
File.as_image(np.zeros((2, 2, 3))).extension
File.as_image(np.zeros((2, 2, 4))).extension
File.as_image(np.zeros((2, 2, 2)))
File.as_image(np.zeros(4))
File.as_image(np.zeros((1, 2, 2, 3)))
File.as_image("text")
File.as_image(5)
File.as_image(None)
[Image.open(io.BytesIO(File.as_image(np.full((1, 1), value)).content)).getpixel((0, 0)) for value in (0.0, 0.5, 1.0, 2.0, 255.0)]
[Image.open(io.BytesIO(File.as_image(np.full((1, 1), value), autoscale=False).content)).getpixel((0, 0)) for value in (1.0, 100.0)]
File.as_image(np.full((2, 2), 300.0)).extension
File.as_image(np.full((2, 2), -1.0)).extension
File.as_image(np.full((2, 2), 7, dtype=np.uint8)).extension
Image.open(io.BytesIO(File.as_image(Image.new("RGB", (2, 3), (1, 2, 3))).content)).size
