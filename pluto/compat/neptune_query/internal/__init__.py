"""What the functions of this package are made of. No promise is given for anything here."""
