"""What the commands of `playcall` do, one module a group. Only light imports at the top: see bot.cli."""
