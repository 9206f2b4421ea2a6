"""The HTTP floor: problem documents, request ids, paging, limits, what routes depend on."""
