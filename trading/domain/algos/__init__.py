"""How a large or wide order is worked: pure algorithms, `(state, event) -> (state, actions)`."""
