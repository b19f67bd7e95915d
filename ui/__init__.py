"""The chat page, on Gradio. It knows Footnote only by `qa.service.QA`, `qa.types` and `qa.errors`."""
