"""The pages that are made from code, and the site that all pages become."""
