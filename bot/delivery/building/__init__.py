"""What each kind of delivery becomes, a file a theme. `bot/delivery/builders.py` lists them all."""
