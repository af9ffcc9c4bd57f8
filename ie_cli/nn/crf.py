"""Linear-chain conditional random field (Lafferty et al. 2001): loss, best path, probability of a segment."""

from __future__ import annotations

import torch
from torch import Tensor, nn

NEVER = -1e4


class CRF(nn.Module):
    """Scores of neighbouring tags, of the first and of the last tag.

    Everywhere: emissions [B, L, T] are the scores of each tag at each token, mask [B, L] is True on
    tokens, which stand at the left, and each row has at least one.
    """

    def __init__(self, forbidden: Tensor, forbidden_first: Tensor):
        """Take the transitions [from, to] and first tags that no path may have, as bool [T, T] and [T]."""
        super().__init__()
        tags = len(forbidden)
        self.transition_scores = nn.Parameter(torch.zeros(tags, tags))
        self.first_scores = nn.Parameter(torch.zeros(tags))
        self.last = nn.Parameter(torch.zeros(tags))
        self.register_buffer("forbidden", forbidden, persistent=False)
        self.register_buffer("forbidden_first", forbidden_first, persistent=False)

    @property
    def transitions(self) -> Tensor:
        """Score of each tag behind each tag, [from, to]."""
        return self.transition_scores.masked_fill(self.forbidden, NEVER)

    @property
    def first(self) -> Tensor:
        """Score of each tag at the beginning."""
        return self.first_scores.masked_fill(self.forbidden_first, NEVER)

    def loss(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Negative log-likelihood of each row's tags [B, L] int64: [B], at least 0 but for rounding."""
        emissions = emissions.float()
        return self._log_partition(emissions, mask) - self._path_score(emissions, tags, mask)

    def _path_score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        single = emissions.gather(2, tags[..., None]).squeeze(2)
        pairs = self.transitions[tags[:, :-1], tags[:, 1:]]
        ends = tags.gather(1, mask.sum(1, keepdim=True) - 1).squeeze(1)
        return (single * mask).sum(1) + (pairs * mask[:, 1:]).sum(1) + self.first[tags[:, 0]] + self.last[ends]

    def _log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        forward = self.forwards(emissions, mask)
        return torch.logsumexp(forward[:, -1] + self.last, 1)

    def forwards(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """log of the sum over all paths up to each token that end in each tag: [B, L, T].

        Padding repeats the row's last token, so the last column is always the end of the row.
        """
        transitions, state = self.transitions, self.first + emissions[:, 0]
        states = [state]
        for i in range(1, emissions.shape[1]):
            step = torch.logsumexp(state[:, :, None] + transitions, 1) + emissions[:, i]
            state = torch.where(mask[:, i, None], step, state)
            states.append(state)
        return torch.stack(states, 1)

    def backwards(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """log of the sum over all paths behind each token, given its tag: [B, L, T]."""
        transitions, state = self.transitions, self.last.expand(emissions.shape[0], -1)
        states = [state]
        for i in range(emissions.shape[1] - 1, 0, -1):
            step = torch.logsumexp(transitions + (emissions[:, i] + state)[:, None], 2)
            state = torch.where(mask[:, i, None], step, state)
            states.append(state)
        return torch.stack(states[::-1], 1)

    def best(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The highest-scoring tags of each row (Viterbi): [B, L] int64; padding holds anything."""
        transitions, state = self.transitions, self.first + emissions[:, 0]
        origins = []
        for i in range(1, emissions.shape[1]):
            score, origin = (state[:, :, None] + transitions).max(1)
            state = torch.where(mask[:, i, None], score + emissions[:, i], state)
            origins.append(torch.where(mask[:, i, None], origin, torch.arange(origin.shape[1], device=origin.device)))
        tag = (state + self.last).argmax(1)
        path = [tag]
        for origin in reversed(origins):
            tag = origin.gather(1, tag[:, None]).squeeze(1)
            path.append(tag)
        return torch.stack(path[::-1], 1)

    def log_probability(
        self, emissions: Tensor, mask: Tensor, row: Tensor, first: Tensor, last: Tensor, begin: Tensor, inside: Tensor
    ) -> Tensor:
        """log of the share of all paths that hold each of N segments exactly as it is: [N] float64.

        At most 0 but for rounding. It is the small difference of sums over a whole text, of which float32 would
        leave two digits in 500 tokens.

        Args:
            row, first, last: [N], text, first and last token of each segment.
            begin, inside: [N], its first tag and that of its further tokens, which no path may have right behind it.
        """
        emissions = emissions.double()
        final = torch.where(last > first, inside, begin)
        before, behind = self.forwards(emissions, mask), self.backwards(emissions, mask)
        whole = torch.logsumexp(before[:, -1] + self.last, 1)[row]
        into = torch.logsumexp(before[row, (first - 1).clamp_min(0)] + self.transitions.T[begin], 1)
        into = torch.where(first > 0, into, self.first[begin])
        summed = emissions.cumsum(1)
        along = emissions[row, first, begin] + summed[row, last, inside] - summed[row, first, inside]
        steps = self.transitions[begin, inside] + (last - first - 1) * self.transitions[inside, inside]
        along = along + torch.where(last > first, steps, 0)
        following = (last + 1).clamp_max(mask.shape[1] - 1)
        out = self.transitions[final] + emissions[row, following] + behind[row, following]
        out = torch.logsumexp(out.scatter(1, inside[:, None], float("-inf")), 1)  # it must not go on
        out = torch.where(last + 1 < mask.sum(1)[row], out, self.last[final])
        return into + along + out - whole
