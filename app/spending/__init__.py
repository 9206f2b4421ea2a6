"""What an account may spend through this platform, and who must say yes first."""
