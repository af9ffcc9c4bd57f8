"""The page of `ie eval --report`: one HTML file that needs nothing else, light or dark as the reader's system is."""
