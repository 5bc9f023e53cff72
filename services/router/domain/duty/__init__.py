"""The duty list: its rows as people edit them, its versions, and what rulings propose for it."""
