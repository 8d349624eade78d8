"""Mirror: a bucket's models as files. Every step leaves a tree that readers may use, whenever the process dies."""
