"""Mirror: copies the models of a bucket to a file system. The process may die at any step: readers can use the tree."""
