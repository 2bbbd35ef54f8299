"""5: what a File is."""

Path("a.csv").write_text("1,2")
File("a.csv").extension
File("a.csv").path == str(Path("a.csv")) or File("a.csv").path == os.path.abspath("a.csv")
File("a.csv").file_type
File.from_path("a.csv", extension="txt").extension
File("noext").extension
File("a.tar.gz").extension
File.from_content("text").extension
File.from_content("text").content
File.from_content(b"bytes").extension
File.from_content("text", extension="md").extension
File.from_content(5)
File.from_path(5)
File.from_path(Path("a.csv"))
File(5)
File.from_stream(io.StringIO("text")).extension
File.from_stream(io.BytesIO(b"bytes")).extension
File.from_stream(io.BytesIO(b"bytes"), extension="md").extension
File.from_stream("text")
File.from_stream(io.BytesIO(b"abcdef"), seek=2).content
File.as_pickle({"a": 1}).extension
File.from_content("text")
File("a.csv")
File.create_from("a.csv").extension
File.create_from(Image.new("L", (1, 1))).extension
File.create_from(5)
File.is_convertable_to_image(Image.new("L", (1, 1)))
File.is_convertable_to_image(np.zeros((2, 2)))
File.is_convertable_to_html(pd.DataFrame())
File.is_convertable(5)
