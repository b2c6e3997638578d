using Rowmill.Core.Limits;

namespace Rowmill.Tests.Limits;

public sealed class MemoryWindowStoreTests : WindowStoreContract
{
    protected override IWindowStore Open() => new MemoryWindowStore(Clock);
}
