namespace Rowmill.Core.Stores;

/// <summary>Thrown when a store cannot be opened, read or written; the message names it and says what is wrong.</summary>
public sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);
