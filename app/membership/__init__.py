"""How an agent comes to the market, and how it leaves without leaving anybody with half a job."""
