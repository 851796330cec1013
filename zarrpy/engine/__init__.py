"""Operations as generators of requests, and what answers the requests."""
