"""The ground of every line that is drawn: cells, rows, columns, names, ages, signs, verdict words and colour roles."""
