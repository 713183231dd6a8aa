"""Published imputation models to compare with, as PyPOTS implements them, behind one interface.

    peer = Peer("SAITS").fit(train_windows, seconds=120.0, seed=0)
    estimates = peer.fill(gappy_windows)

One model serves every rate and pattern of hidden cells, as latentfill's does. Values are in standard deviations of the
train rows. Training:

- PyPOTS hides 20 % of the observed cells at random in every window, anew each time it is drawn (CSDI: a share between 0
  and 100 % per window). That is its default and is left alone; blackouts are never trained on.
- PyPOTS counts epochs, a benchmark counts seconds. So training goes in rounds: each is one epoch on windows drawn
  without replacement, as many as make about `ROUNDS` rounds out of the budget, and at most all of them.
- After each round the model is scored on windows of its own: the last tenth of the train windows, with points (10-70 %)
  hidden in three of four and a blackout in the fourth, drawn with a fixed seed. The best weights are kept; training
  ends early after `PATIENCE` rounds without better ones. The scored mask of a benchmark is never involved.
- The seed fixes every draw, but how many rounds fit into the budget depends on the machine.

The loss of TimesNet and ModernTCN is the squared error over the hidden cells, as published (and as in PyPOTS up to 0.10).
PyPOTS 1.5 trains these two to repeat the cells they are shown, which no imputation follows from. `_hidden_loss` undoes it.

| model | layers | width | other | batch, rate | from |
|---|---|---|---|---|---|
| SAITS | 2 | 128, feed-forward 256, 4 heads of 32 | dropout 0.1 | 32, 1e-3 | the class's example; TSI-Bench: see below |
| BRITS | 1 | 128 hidden units | | 32, 1e-3 | |
| TimesNet | 2 | 16, feed-forward 32 | top 3 periods, 6 kernels | 16, 1e-3 | Time-Series-Library |
| ModernTCN | 1 | 128 | kernels 71 and 5, patch 1 | 16, 1e-3 | luodhhh/ModernTCN |
| iTransformer | 2 | 128, feed-forward 128 | 8 heads | 16, 1e-3 | Time-Series-Library |
| CSDI | 4 | 64 channels | 8 heads | 16, 1e-3 | |
"""
