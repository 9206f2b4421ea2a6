"""What deals tell: prices that were paid, and how the market goes. Only what is final counts."""
