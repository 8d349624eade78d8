"""The acceptance kit: deploys the program for real, holds what it promises, and takes everything away again."""
