"""The desk's vocabulary: pure values that every app shares. Imports nothing of ours."""
