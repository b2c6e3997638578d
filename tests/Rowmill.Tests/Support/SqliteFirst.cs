using System.Runtime.CompilerServices;
using Rowmill.Storage;

namespace Rowmill.Tests.Support;

/// <summary>Tests that look into databases by themselves use the library that the product uses, whichever of them is first.</summary>
internal static class SqliteFirst
{
    [ModuleInitializer]
    internal static void Load() => SqliteLibrary.EnsureLoaded();
}
