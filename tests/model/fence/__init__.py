"""The rules that keep the view safe, as seven small machines whose every state is visited.

The outbox, the follow-up, relatives, routing and a publisher's hide share one world: one patient, one partition. The
gate lane applies controls. The entries lane and the controls lane commit transactions on one ledger; a re-decision goes
on one entry a page and ends with a marker. A message gets the next number when its transaction commits, and may reach
the view at any later moment and in any order: that covers slow and killed publishers, messages that overtake each
other, and a view sink that lags. What a message says is fixed when it is built, so a number whose decision was replaced
in the meantime may arrive as it was or filled.

Safety: what is readable is what policy gives under some run of controls and records, no shorter than what the gate has
        applied and the view was told of this entry, no longer than what anybody has applied.
End:    when nobody has anything left to do, what is readable is what policy gives under everything; nothing is stuck.
"""
