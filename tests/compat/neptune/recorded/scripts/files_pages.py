"""5: as_html and as_pickle."""

File.as_html(pd.DataFrame({"a": [1, 2]})).extension
"<table" in File.as_html(pd.DataFrame({"a": [1, 2]})).content.decode() if isinstance(File.as_html(pd.DataFrame()).content, bytes) else "<table" in File.as_html(pd.DataFrame({"a": [1, 2]})).content
File.as_html("text")
File.as_html(5)
File.as_html(None)
import pickle
pickle.loads(File.as_pickle({"a": [1, 2]}).content)
File.as_pickle(lambda: 1)
